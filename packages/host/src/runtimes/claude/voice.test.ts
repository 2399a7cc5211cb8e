import type { SignalBody } from '@mosaic/domain/signal'
import { tempHome } from '@mosaic/testkit/temp-home'
import { describe, expect, it } from 'vitest'
import { resolvePaths } from '../../paths.ts'
import { Inbox } from '../../signals/inbox.ts'
import { UsageLedger } from '../../usage-ledger.ts'
import type { Usage } from './transcript-line.ts'
import { ClaudeVoice } from './voice.ts'

const ID = '01m8cm1d3b3th0rn6vynfjnc34'
const text = `[t@h:a -> t@h:b #${ID}]\nhello`
const OTHER = '01m8cm1fft3pr8s1bwyc7msfjz'
const other = `[t@h:a -> t@h:b #${OTHER}]\nsecond`
const usage: Usage = { input: 1, output: 2, cache_read: 30, cache_write: 400, reasoning: 0, cost_usd: null, model: 'm' }
const idle = (sinceMs: number) => ({ sessionId: 's', status: 'idle' as const, waitingFor: null, sinceMs })

async function world() {
  const home = await tempHome()
  const inbox = new Inbox(home.root)
  const said: SignalBody[] = []
  const voice = new ClaudeVoice(inbox, (signal) => said.push(signal))
  return {
    inbox,
    said,
    voice,
    async [Symbol.asyncDispose]() {
      inbox[Symbol.dispose]()
      await home[Symbol.asyncDispose]()
    },
  }
}

describe('the voice of Claude Code', () => {
  it('says that a message was accepted, once, whoever tells of it first', async () => {
    await using at = await world()
    expect(at.voice.submitted({ prompt: text })).toEqual({})
    at.voice.said({ kind: 'queued', text })
    at.voice.said({ kind: 'prompt', texts: [text], turn: 1 })
    expect(at.said.filter(({ kind }) => kind === 'accepted')).toEqual([{ kind: 'accepted', id: ID, mode: 'turn' }])
    expect(at.inbox.state(ID)).toBe('done')
  })

  it('takes a message that another one quotes for no message', async () => {
    await using at = await world()
    at.voice.said({ kind: 'prompt', texts: [`look at this:\n${text}`], turn: 1 })
    expect(at.said.map(({ kind }) => kind)).toEqual(['turn'])
    expect(at.inbox.state(ID)).toBe('unknown')
  })

  it.each([
    ['its first line', `[t@h:a -> t@h:b #${OTHER}]`],
    ['all of it', other],
  ])('takes a message that another one quotes for no more worked off: %s', async (_what, quoted) => {
    await using at = await world()
    const quoting = `${text}\nas was said:\n${quoted}\nthat was it`
    at.inbox.accept(OTHER, other)
    at.voice.said({ kind: 'queued', text: quoting })
    expect(at.voice.lost(idle(Date.now() + 60_000))).toMatchObject({ id: OTHER })
    for (const act of [(read: () => void) => read(), (read: () => void) => at.voice.inThePast(read)]) {
      act(() => at.voice.said({ kind: 'prompt', texts: [quoting], turn: 1 }))
      expect(at.inbox.state(ID)).toBe('done')
      expect(at.inbox.pending()).toMatchObject([{ id: OTHER }])
    }
    at.voice.said({ kind: 'prompt', texts: [other], turn: 2 })
    expect(at.inbox.pending()).toEqual([])
  })

  it('keeps what was accepted until it is in the conversation', async () => {
    await using at = await world()
    at.voice.submitted({ prompt: text })
    expect(at.inbox.pending()).toMatchObject([{ id: ID, text }])
    at.voice.said({ kind: 'prompt', texts: [text], turn: 1 })
    expect(at.inbox.pending()).toEqual([])
  })

  it('says again in the past what was accepted and what was used, and no turn', async () => {
    await using at = await world()
    at.inbox.accept(ID, text)
    at.voice.inThePast(() => {
      at.voice.said({ kind: 'prompt', texts: [text], turn: 3 })
      at.voice.said({ kind: 'call', id: 'msg_1', usage, final: true, isSub: false })
      at.voice.said({ kind: 'turn-over' })
    })
    expect(at.said).toEqual([
      { kind: 'accepted', id: ID, mode: 'turn' },
      { kind: 'usage', key: 'claude:msg_1', usage },
    ])
    expect(at.voice).toMatchObject({ turn: 3, contextUsed: 431, model: 'm' })
  })

  it('comes out of the past also by a failure', async () => {
    await using at = await world()
    const fail = () => {
      throw new Error('full')
    }
    expect(() => at.voice.inThePast(fail)).toThrow('full')
    at.voice.said({ kind: 'prompt', texts: ['one'], turn: 1 })
    expect(at.said).toEqual([{ kind: 'turn', phase: 'started', turn: 1 }])
  })

  it('says an acceptance again that nobody took in', async () => {
    await using home = await tempHome()
    using inbox = new Inbox(home.root)
    const said: SignalBody[] = []
    let fails = true
    const voice = new ClaudeVoice(inbox, (signal) => {
      if (fails) throw new Error('full')
      said.push(signal)
    })
    const prompt = () => voice.said({ kind: 'prompt', texts: [text], turn: 1 })
    expect(prompt).toThrow('full')
    fails = false
    prompt()
    expect(said.map(({ kind }) => kind)).toEqual(['accepted', 'turn'])
    expect(inbox.state(ID)).toBe('done')
  })

  it('refuses a message that was taken before, and says so', async () => {
    await using at = await world()
    at.inbox.accept(ID, text)
    at.inbox.finish(ID)
    expect(at.voice.submitted({ prompt: text })).toMatchObject({ continue: false })
    expect(at.said).toEqual([{ kind: 'duplicate', id: ID }])
  })

  it('refuses a second copy of what waits in the queue, and lets through what is given again because it was lost', async () => {
    await using at = await world()
    at.voice.submitted({ prompt: text })
    expect(at.voice.submitted({ prompt: text })).toMatchObject({ continue: false })
    at.voice.expect({ id: ID, text, mode: 'turn', again: true })
    expect(at.voice.submitted({ prompt: text })).toEqual({})
  })

  it('takes for lost what is not in the conversation when a status that is younger than it is idle', async () => {
    await using at = await world()
    at.voice.submitted({ prompt: text })
    expect(at.voice.lost(idle(Date.now() - 60_000))).toBeUndefined()
    expect(at.voice.lost({ ...idle(Date.now() + 60_000), status: 'busy' })).toBeUndefined()
    expect(at.voice.lost(idle(Date.now() + 60_000))).toMatchObject({ id: ID, text })
    at.voice.said({ kind: 'prompt', texts: [text], turn: 1 })
    expect(at.voice.lost(idle(Date.now() + 60_000))).toBeUndefined()
  })

  it('does not take for lost what waits in the queue, until that was emptied', async () => {
    await using at = await world()
    at.voice.submitted({ prompt: text })
    at.voice.said({ kind: 'queued', text })
    expect(at.voice.lost(idle(Date.now() + 60_000))).toBeUndefined()
    at.voice.said({ kind: 'unqueued' })
    expect(at.voice.lost(idle(Date.now() + 60_000))).toMatchObject({ id: ID })
  })

  it('refuses what came into the conversation while it was given again', async () => {
    await using at = await world()
    at.voice.submitted({ prompt: text })
    at.voice.expect({ id: ID, text, mode: 'turn', again: true })
    at.voice.said({ kind: 'prompt', texts: [text], turn: 1 })
    expect(at.voice.submitted({ prompt: text })).toMatchObject({ continue: false })
  })

  it.each([
    ['tabs', `${text}\n\tindented`, `${text}\n    indented`],
    ['blanks at the end', `${text} \n`, text],
    ['characters that it composes after its hook was told', `${text} e\u0301`, `${text} e\u0301`],
  ])(
    'tells the model of what the composer changes, keeps what was sent, and gives no sender the word of the system: %s',
    async (_what, sent, prompt) => {
      await using at = await world()
      at.voice.expect({ id: ID, text: sent, mode: 'turn', again: false })
      const { hookSpecificOutput } = at.voice.submitted({ prompt }) as { hookSpecificOutput: { additionalContext: string } }
      expect(hookSpecificOutput.additionalContext).toContain(`#${ID}`)
      expect(hookSpecificOutput.additionalContext).not.toContain('hello')
      expect(at.inbox.pending()).toMatchObject([{ text: sent }])
    },
  )

  it('says what a person typed is none of the fleet’s', async () => {
    await using at = await world()
    expect(at.voice.submitted({ prompt: 'hello' })).toEqual({})
    expect(at.voice.submitted(null)).toEqual({})
    expect(at.said).toEqual([])
  })

  it('says each turn, and its end by whatever comes first', async () => {
    await using at = await world()
    at.voice.said({ kind: 'prompt', texts: ['one'], turn: 1 })
    at.voice.said({ kind: 'turn-over' })
    at.voice.became(idle(1))
    at.voice.said({ kind: 'prompt', texts: ['two'], turn: 2 })
    at.voice.became(idle(2))
    const turns = at.said.flatMap((signal) => (signal.kind === 'turn' ? `${signal.phase} ${signal.turn}` : []))
    expect(turns).toEqual(['started 1', 'ended 1', 'started 2', 'ended 2'])
  })

  it('counts a call that is told in parts as it was told last', async () => {
    await using at = await world()
    const part = { ...usage, output: 1 }
    at.voice.said({ kind: 'call', id: 'msg_1', usage: part, final: false, isSub: false })
    at.voice.said({ kind: 'call', id: 'msg_1', usage, final: false, isSub: false })
    expect(at.said).toEqual([])
    at.voice.said({ kind: 'turn-over' })
    expect(at.said).toEqual([{ kind: 'usage', key: 'claude:msg_1', usage }])
  })

  it('costs its agent what each call was told with last, though another was told, or it was idle, between its parts', async () => {
    await using at = await world()
    await using home = await tempHome()
    using ledger = new UsageLedger(resolvePaths({ env: home.env }))
    const call = (id: string, output: number, isSub: boolean) =>
      at.voice.said({ kind: 'call', id, usage: { ...usage, output }, final: output > 1, isSub })
    call('msg_1', 1, false)
    call('msg_sub', 1, true)
    at.voice.became(idle(1))
    call('msg_sub', 20, true)
    call('msg_1', 300, false)
    for (const signal of at.said) if (signal.kind === 'usage') ledger.add('a', { v: 1, at: 1, pid: 1, ...signal })
    expect(ledger.since('a', 0)?.tokens).toBe(2 * 431 + 320)
  })

  it('says that it went on after a failure', async () => {
    await using at = await world()
    at.voice.said({ kind: 'failed', error: 'rate_limit', detail: 'too much' })
    at.voice.said({ kind: 'call', id: 'msg_1', usage, final: true, isSub: false })
    expect(at.said.map(({ kind }) => kind)).toEqual(['error', 'recovered', 'usage'])
  })

  it('says what it asks for', async () => {
    await using at = await world()
    at.voice.asks({ tool_name: 'Bash', tool_input: { command: 'rm -rf x' } })
    expect(at.said).toEqual([{ kind: 'activity', activity: 'waiting', detail: 'Bash: rm -rf x' }])
  })
})
