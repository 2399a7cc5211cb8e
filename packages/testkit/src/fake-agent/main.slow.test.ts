import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, readFileSync, rmSync } from 'node:fs'
import { createConnection } from 'node:net'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { promisify } from 'node:util'
import { parseHeartbeat } from '@mosaic/domain/heartbeat'
import { parseSignal, type Signal } from '@mosaic/domain/signal'
import { describe, expect, test } from 'vitest'
import { eventuallyDead, killNine } from '../faults.ts'
import { isAlive, processFacts } from '../processes.ts'
import { tempHome } from '../temp-home.ts'
import { until } from '../until.ts'
import { type PaneAgent, startPaneAgent } from './in-tmux.ts'

const ID = '01hzzzzzzzzzzzzzzzzzzzzzz'
const message = (n: number, text: string) => `[t@h:operator -> t@h:agent #${ID}${n}]\n${text}`
const sha = (text: string) => createHash('sha256').update(text).digest('hex')

function journal(agent: PaneAgent): Signal[] {
  const file = agent.env.MOSAIC_JOURNAL
  if (!existsSync(file)) return []
  return readFileSync(file, 'utf8')
    .split('\n')
    .slice(0, -1)
    .map((line) => parseSignal(line) ?? expect.unreachable(`not a signal: ${line}`))
}

const beat = (agent: PaneAgent) => parseHeartbeat(readFileSync(agent.env.MOSAIC_HEARTBEAT_FILE, 'utf8'))

/** One request over the link; `undefined` when there is no answer in time. */
function link(agent: PaneAgent, request: object, withinMs = 60_000): Promise<unknown> {
  return new Promise((resolve) => {
    const socket = createConnection(agent.env.MOSAIC_LINK)
    const settle = (value: unknown) => {
      clearTimeout(timer)
      socket.destroy()
      resolve(value)
    }
    const timer = setTimeout(() => settle(undefined), withinMs)
    socket.on('error', () => settle(undefined))
    createInterface(socket)
      .on('error', () => undefined)
      .on('line', (line) => settle(JSON.parse(line)))
    socket.write(`${JSON.stringify(request)}\n`)
  })
}

const asked = (agent: PaneAgent, withinMs?: number) => link(agent, { id: 7, op: 'ask' }, withinMs)

describe('submitting', () => {
  test('a paste and Enter are one submit, exactly as sent, and every byte is in the log', async () => {
    await using home = await tempHome()
    const agent = await startPaneAgent(home)
    await agent.logged('ready')
    const text = message(0, '-lead\ttab\n\n  C-c Enter $(x) `y` "z" \u{1f469}\u200d\u{1f680};')
    await agent.paste(text)
    const [submit] = await until(() => agent.submits().length > 0 && agent.submits())
    expect(submit).toMatchObject({ id: `${ID}0`, text })
    expect(agent.bytes().toString('utf8')).toBe(`\u001b[200~${text}\u001b[201~\r`)
  })

  test('64 KiB in 5,000 lines arrive exactly', async () => {
    await using home = await tempHome()
    const agent = await startPaneAgent(home)
    await agent.logged('ready')
    const text = message(0, Array.from({ length: 5000 }, (_, n) => `${n} line`).join('\n'))
    await agent.paste(text)
    const [submit] = await until(() => agent.submits().length > 0 && agent.submits())
    expect(sha(submit?.text ?? '')).toBe(sha(text))
  })

  test('typed text is edited and submitted by Enter; what has no preamble has no id', async () => {
    await using home = await tempHome()
    const agent = await startPaneAgent(home)
    await agent.logged('ready')
    await agent.keys('x', 'C-c', 'h', 'i', 'q', 'BSpace', '!', 'Enter')
    await until(() => agent.submits().length === 1)
    expect(agent.submits()[0]).toMatchObject({ id: null, text: 'hi!' })
  })

  test('without bracketed paste the terminal sends the bare text', async () => {
    await using home = await tempHome()
    const agent = await startPaneAgent(home, { modes: ['no-bracketed-paste'] })
    await agent.logged('ready')
    await agent.paste('two\nlines')
    await until(() => agent.submits().length === 1)
    expect(agent.bytes().toString()).toBe('two\nlines\r')
  })

  test('one that swallows input reads every byte and accepts nothing', async () => {
    await using home = await tempHome()
    const agent = await startPaneAgent(home, { modes: ['cooperative', 'swallow'] })
    await agent.logged('ready')
    await agent.paste(message(0, 'hello'))
    await agent.logged('swallowed')
    expect(agent.bytes().includes('hello')).toBe(true)
    expect(agent.submits()).toEqual([])
    expect(journal(agent).some((signal) => signal.kind === 'accepted')).toBe(false)
    expect(await asked(agent)).toMatchObject({ ok: true, value: { activity: 'idle' } })
  })
})

describe('the permission dialog', () => {
  test('Enter approves it, and a paste into it is lost', async () => {
    await using home = await tempHome()
    const agent = await startPaneAgent(home, { modes: ['cooperative', 'dialog'] })
    await agent.logged('dialog')
    await agent.logged('ready')
    expect(await asked(agent)).toMatchObject({ value: { activity: 'waiting', detail: 'Run `rm -rf build`?' } })
    await until(async () => (await agent.screen()).includes('1. Yes'))
    await agent.paste(message(0, 'hello'))
    await agent.logged('approved')
    expect(agent.submits()).toEqual([])
    await until(async () => ((await asked(agent)) as { value: { activity: string } }).value.activity === 'idle')
  })

  test('it opens when the trigger file appears, and again when it appears again', async () => {
    await using home = await tempHome()
    const agent = await startPaneAgent(home, { modes: ['dialog-on-trigger'] })
    await agent.logged('ready')
    expect(agent.log().some((entry) => entry.event === 'dialog')).toBe(false)
    const seen = (event: string) => agent.log().filter((entry) => entry.event === event).length
    await agent.logged('armed')
    agent.trigger()
    await agent.logged('dialog')
    await agent.keys('C-c')
    await agent.logged('denied')
    rmSync(agent.env.FAKE_AGENT_TRIGGER)
    await until(() => seen('armed') === 2)
    agent.trigger()
    await until(() => seen('dialog') === 2)
  })

  test('it opens upon a submit and holds the turn until it is answered', async () => {
    await using home = await tempHome()
    const agent = await startPaneAgent(home, { modes: ['cooperative', 'dialog-on-submit'] })
    await agent.logged('ready')
    await agent.paste(message(0, 'do it'))
    await agent.logged('dialog')
    await until(() => journal(agent).some((signal) => signal.kind === 'activity' && signal.activity === 'waiting'))
    expect(journal(agent).some((signal) => signal.kind === 'turn')).toBe(false)
    await agent.keys('Enter')
    await until(() => journal(agent).some((signal) => signal.kind === 'turn' && signal.phase === 'ended'))
  })
})

describe('the runtime protocol', () => {
  test('journal, heartbeat and link tell the same story', async () => {
    await using home = await tempHome({ heartbeatInterval: 0.05 })
    const agent = await startPaneAgent(home, { modes: ['cooperative'] })
    await agent.logged('ready')
    expect(beat(agent)).toMatchObject({ pid: agent.pid, status: 'ok', source: 'runtime', turn: 0, intervalMs: 50 })
    const answer = { pid: agent.pid, activity: 'idle', detail: null, ready: true, turn: 0, model: null, contextUsed: null }
    expect(await asked(agent)).toEqual({ id: 7, ok: true, value: answer })
    expect(await link(agent, { id: 8, op: 'dance' })).toMatchObject({ id: 8, ok: false, error: 'unknown op "dance"' })
    await agent.paste(message(0, 'hello'))
    await until(() => journal(agent).some((signal) => signal.kind === 'turn' && signal.phase === 'ended'))
    expect(journal(agent).filter((signal) => signal.kind !== 'activity')).toMatchObject([
      { kind: 'started', pid: agent.pid },
      { kind: 'ready' },
      { kind: 'accepted', id: `${ID}0`, mode: 'turn' },
      { kind: 'turn', phase: 'started', turn: 1 },
      { kind: 'turn', phase: 'ended', turn: 1 },
    ])
    await until(() => {
      const now = beat(agent)
      return 'turn' in now && now.turn === 1
    })
    expect(await link(agent, { id: 9, op: 'reset' })).toMatchObject({ id: 9, ok: true })
    expect(await asked(agent)).toMatchObject({ value: { turn: 0 } })
  })

  test('what comes while it thinks is queued, and worked off in order', async () => {
    await using home = await tempHome()
    const agent = await startPaneAgent(home, { modes: ['cooperative', 'thinks-until-trigger'] })
    await agent.logged('ready')
    await agent.paste(message(1, 'one'))
    await until(() => journal(agent).some((signal) => signal.kind === 'activity' && signal.activity === 'busy'))
    await agent.paste(message(2, 'two'))
    await until(() => agent.submits().length === 2)
    expect(await asked(agent)).toMatchObject({ value: { activity: 'busy', turn: 0 } })
    agent.trigger()
    await until(() => journal(agent).some((signal) => signal.kind === 'turn' && signal.phase === 'started' && signal.turn === 2))
    rmSync(agent.env.FAKE_AGENT_TRIGGER)
    await until(() => agent.log().filter((entry) => entry.event === 'armed').length === 2)
    agent.trigger()
    await until(() => journal(agent).some((signal) => signal.kind === 'turn' && signal.phase === 'ended' && signal.turn === 2))
    expect(journal(agent).filter((signal) => signal.kind === 'accepted')).toMatchObject([
      { id: `${ID}1`, mode: 'turn' },
      { id: `${ID}2`, mode: 'queued' },
    ])
  })

  test('a message that was accepted before is a duplicate, also in the next life', async () => {
    await using home = await tempHome()
    const agent = await startPaneAgent(home, { modes: ['cooperative'] })
    await agent.logged('ready')
    await agent.paste(message(0, 'once'))
    await until(() => agent.submits().length === 1)
    killNine(agent.pid)
    await agent.death()
    await home.tmux('kill-session', '-t', '=agent')
    const next = await startPaneAgent(home, { modes: ['cooperative'] })
    await until(() => journal(next).filter((signal) => signal.kind === 'ready').length === 2)
    await next.paste(message(0, 'once'))
    await next.logged('duplicate')
    expect(next.submits()).toHaveLength(1)
    expect(journal(next).filter((signal) => signal.kind === 'duplicate')).toMatchObject([{ id: `${ID}0`, pid: next.pid }])
  })

  test('a draft, and a start that is not over yet, are told as such', async () => {
    await using home = await tempHome()
    const starting = await startPaneAgent(home, { name: 'starting', script: { cooperative: true, readyAfterMs: 3_600_000 } })
    await until(() => existsSync(starting.env.MOSAIC_LINK))
    expect(await asked(starting)).toMatchObject({ value: { ready: false } })
    const agent = await startPaneAgent(home, { modes: ['cooperative'] })
    await agent.logged('ready')
    await agent.keys('a')
    await until(async () => ((await asked(agent)) as { value: { activity: string } }).value.activity === 'draft')
  })

  test.each(['hang-on-trigger', 'spin-on-trigger'])(
    '%s: neither heartbeat nor journal nor link move, and the process lives',
    async (mode) => {
      await using home = await tempHome({ heartbeatInterval: 0.02 })
      const agent = await startPaneAgent(home, { modes: ['cooperative', mode] })
      await agent.logged('ready')
      agent.trigger()
      await agent.logged('hangs')
      const before = [beat(agent), journal(agent).length]
      expect(await asked(agent, 500)).toBeUndefined()
      await agent.paste(message(0, 'anybody there?'))
      expect([beat(agent), journal(agent).length]).toEqual(before)
      expect(agent.bytes()).toHaveLength(0)
      expect(isAlive(agent.pid)).toBe(true)
      if (mode === 'hang-on-trigger') return
      const { ticks = 0 } = processFacts(agent.pid) ?? {}
      await until(() => (processFacts(agent.pid)?.ticks ?? 0) > ticks + 5, { what: 'a spinning process to use its processor' })
    },
  )
})

describe('ends', () => {
  test.each([
    ['crash-loop', { status: '1', signal: '' }],
    ['die-on-receipt', { status: '', signal: '9' }],
    ['die-on-submit', { status: '', signal: '9' }],
    ['die-on-trigger', { status: '3', signal: '' }],
  ])('%s ends as its name says', async (mode, how) => {
    await using home = await tempHome()
    const agent = await startPaneAgent(home, { modes: ['cooperative', mode] })
    if (mode === 'crash-loop') await agent.logged('started')
    else await agent.logged(mode.endsWith('trigger') ? 'armed' : 'ready')
    if (mode.endsWith('trigger')) agent.trigger()
    else if (mode.startsWith('die')) await agent.paste(message(0, 'hello'))
    expect(await agent.death()).toEqual(how)
    const accepted = journal(agent).filter((signal) => signal.kind === 'accepted').length
    expect(accepted).toBe(mode === 'die-on-submit' ? 1 : 0)
  })

  test('a stubborn one survives SIGTERM and the end of its session; only SIGKILL ends it', async () => {
    await using home = await tempHome()
    const agent = await startPaneAgent(home, { modes: ['stubborn'] })
    await agent.logged('ready')
    process.kill(agent.pid, 'SIGTERM')
    await until(() => agent.log().some((entry) => entry.event === 'signal' && entry.detail === 'SIGTERM'))
    await home.tmux('kill-session', '-t', '=agent')
    await until(() => agent.log().some((entry) => entry.event === 'signal' && entry.detail === 'SIGHUP'))
    expect(isAlive(agent.pid)).toBe(true)
    killNine(agent.pid)
    await eventuallyDead(agent.pid)
  })

  test('its child outlives it and its session', async () => {
    await using home = await tempHome()
    const agent = await startPaneAgent(home, { modes: ['orphan'] })
    const child = Number((await agent.logged('child')).detail)
    await home.tmux('kill-session', '-t', '=agent')
    await eventuallyDead(agent.pid)
    expect(isAlive(child)).toBe(true)
    expect(home.leftovers().processes.map(({ pid }) => pid)).toContain(child)
  })
})

describe('the screen', () => {
  test('garbage is printed, and the terminal, its queries answered, still takes a paste', async () => {
    await using home = await tempHome()
    const script = { rules: [{ when: { afterMs: 0 }, do: { garbage: { bytesPerSecond: 200_000 } } }] } as const
    const agent = await startPaneAgent(home, { script })
    await agent.logged('bytes')
    await agent.paste(message(0, 'through the noise'))
    await until(() => agent.submits().length > 0)
    expect(agent.submits()[0]?.text).toBe(message(0, 'through the noise'))
    expect((await home.tmux('list-panes', '-a', '-F', '#{pane_dead}')).trim()).toBe('0')
  })

  test('the alternate screen is used when the script says so', async () => {
    await using home = await tempHome()
    const agent = await startPaneAgent(home, { modes: ['alternate-screen'], script: { prompt: 'alt$ ' } })
    await agent.logged('ready')
    await until(async () => (await agent.screen()).includes('alt$'))
    expect((await home.tmux('display-message', '-p', '-t', '=agent:', '#{alternate_on}')).trim()).toBe('1')
  })

  test('an unknown mode ends with status 2 and the known ones', async () => {
    const program = join(import.meta.dirname, 'main.ts')
    const failing = promisify(execFile)(process.execPath, [program, '--mode', 'lazy'])
    await expect(failing).rejects.toMatchObject({ code: 2, stderr: expect.stringContaining('crash-loop') })
  })
})
