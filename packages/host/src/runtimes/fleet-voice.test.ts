import { appendFileSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { parseHeartbeat } from '@mosaic/domain/heartbeat'
import { parseSignal, type Signal } from '@mosaic/domain/signal'
import { until } from '@mosaic/testkit/until'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { LinkClient } from '../link/link-client.ts'
import { Inbox } from '../signals/inbox.ts'
import { JournalWriter } from '../signals/journal-writer.ts'
import { FleetVoice, type RuntimeState, type VoicePlaces, voicePlaces } from './fleet-voice.ts'
import { askOver } from './link-session.ts'

let directory = ''
beforeEach(() => {
  directory = mkdtempSync('/tmp/mvoice-')
})
afterEach(() => rmSync(directory, { recursive: true, force: true }))

const places = (): VoicePlaces => ({
  journalFile: join(directory, 'journal'),
  linkSocket: join(directory, 'link'),
  heartbeatFile: join(directory, 'hb'),
  heartbeatIntervalMs: 15_000,
  stateDirectory: directory,
})
const signals = (): Signal[] =>
  readFileSync(places().journalFile, 'utf8')
    .split('\n')
    .flatMap((line) => parseSignal(line) ?? [])
const said = () =>
  signals().map((signal) =>
    signal.kind === 'activity' ? signal.activity : signal.kind === 'accepted' ? `${signal.id} ${signal.mode}` : signal.kind,
  )

function voiceWith(state: Partial<RuntimeState> = {}, at: VoicePlaces = places()): { voice: FleetVoice; state: RuntimeState } {
  const now: RuntimeState = { activity: 'idle', detail: null, ready: true, turn: 0, model: null, contextUsed: null, ...state }
  return { voice: new FleetVoice({ places: at, state: () => now, handlers: {} }), state: now }
}

describe('the voice of a runtime', () => {
  test('is there only where the fleet has said where to speak', () => {
    expect(voicePlaces({})).toBeUndefined()
    const env = { MOSAIC_JOURNAL: '/j', MOSAIC_LINK: '/l', MOSAIC_HEARTBEAT_FILE: '/h', MOSAIC_STATE_DIR: '/s' }
    expect(voicePlaces(env)).toMatchObject({ journalFile: '/j', heartbeatIntervalMs: 15_000 })
    expect(voicePlaces({ ...env, MOSAIC_HEARTBEAT_INTERVAL: '0.5' })?.heartbeatIntervalMs).toBe(500)
    expect(voicePlaces({ ...env, MOSAIC_HEARTBEAT_INTERVAL: 'soon' })?.heartbeatIntervalMs).toBe(15_000)
    expect(voicePlaces({ ...env, MOSAIC_LINK: '' })).toBeUndefined()
  })

  test('answers when asked, beats, and says an activity when it changes', async () => {
    const { voice, state } = voiceWith({ model: 'm' })
    await voice.start('s')
    expect(await askOver(new LinkClient(places().linkSocket), 5000)).toEqual({ pid: process.pid, ...state })
    voice.sayActivity()
    voice.sayActivity()
    state.activity = 'busy'
    voice.sayActivity()
    expect(said()).toEqual(['started', 'idle', 'busy'])
    expect(parseHeartbeat(readFileSync(places().heartbeatFile, 'utf8'))).toMatchObject({ status: 'busy', source: 'runtime', model: 'm' })
    voice.stop()
    voice.stop()
    expect(said()).toEqual(['started', 'idle', 'busy', 'stopped'])
    expect(existsSync(places().linkSocket)).toBe(false)
  })

  test('says with a beat what changed without an event', async () => {
    const { voice, state } = voiceWith({ detail: 'no login' }, { ...places(), heartbeatIntervalMs: 20 })
    await voice.start(null)
    voice.sayActivity()
    state.detail = null
    const details = () => signals().flatMap((signal) => (signal.kind === 'activity' ? [signal.detail] : []))
    await until(() => details().length > 1)
    voice.stop()
    expect(details()).toEqual(['no login', null])
  })

  test('accepts once, over restarts, and gives back what was not worked off', async () => {
    const first = voiceWith().voice
    await first.start(null)
    expect(first.accept('a', 'A', 'turn')).toBe(true)
    expect(first.accept('b', 'B', 'queued')).toBe(true)
    first.finish('a')
    first.stop()
    const second = voiceWith().voice
    await second.start(null)
    expect(second.accept('a', 'A', 'turn')).toBe(false)
    expect(second.known('b')).toBe('pending')
    expect(second.takeUp()).toEqual([{ id: 'b', text: 'B', begun: 0 }])
    second.stop()
    expect(said()).toEqual(['started', 'a turn', 'b queued', 'stopped', 'started', 'duplicate', 'stopped'])
  })

  test('knows which accepted messages a text is made of', async () => {
    const { voice } = voiceWith()
    await voice.start(null)
    for (const id of ['a', 'b', 'c']) voice.accept(id, `[${id}]\ntext ${id}\n`, 'queued')
    expect(voice.accepted('[b]\ntext b\n')).toEqual(['b'])
    expect(voice.accepted('[a]\ntext a\n\n\n[c]\ntext c')).toEqual(['a', 'c'])
    expect(voice.accepted('something else')).toEqual([])
    voice.stop()
  })

  test('gives up a message that ended its runtime each time it was begun, and says so', async () => {
    for (let life = 0; life < 4; life += 1) {
      const { voice } = voiceWith()
      await voice.start(null)
      if (life === 0) voice.accept('poison', 'text', 'turn')
      expect(voice.takeUp().map(({ id }) => id)).toEqual(life < 3 ? ['poison'] : [])
      if (life < 3) voice.begin('poison')
      voice.stop()
    }
    expect(signals().find(({ kind }) => kind === 'error')).toMatchObject({ reason: 'given-up', detail: expect.stringContaining('poison') })
  })

  test('says an acceptance that a killed predecessor recorded and did not come to say', async () => {
    {
      using inbox = new Inbox(directory)
      inbox.accept('unsaid', 'text')
    }
    const { voice } = voiceWith()
    await voice.start(null)
    expect(said()).toEqual(['started', 'unsaid queued'])
    voice.stop()
  })

  test('is not taken in by an id that the journal names for another reason', async () => {
    {
      using inbox = new Inbox(directory)
      inbox.accept('unsaid', 'text')
      using journal = new JournalWriter(places().journalFile)
      journal.append({ kind: 'error', reason: 'not-taken', detail: 'did not begin with message unsaid', until: null })
      journal.append({ kind: 'accepted', id: 'unsaid-too', mode: 'turn' })
    }
    const { voice } = voiceWith()
    await voice.start(null)
    expect(said()).toEqual(['error', 'unsaid-too turn', 'started', 'unsaid queued'])
    voice.stop()
  })

  test.each([
    ['by itself', () => {}],
    ['before anything else that it says', (voice: FleetVoice) => voice.say({ kind: 'turn', phase: 'started', turn: 1 })],
  ])('says an acceptance that the journal could not take as soon as it can: %s', async (_how, then) => {
    const run = join(directory, 'run')
    mkdirSync(run)
    const { voice } = voiceWith({}, { ...places(), journalFile: join(run, 'journal') })
    await voice.start(null)
    rmSync(run, { recursive: true })
    expect(voice.accept('a', 'A', 'turn')).toBe(true)
    expect(voice.takeUp()).toMatchObject([{ id: 'a' }])
    mkdirSync(run)
    then(voice)
    const first = await until(
      () => existsSync(join(run, 'journal')) && parseSignal(readFileSync(join(run, 'journal'), 'utf8').split('\n')[0] ?? ''),
    )
    expect(first).toMatchObject({ kind: 'accepted', id: 'a', mode: 'turn' })
    voice.stop()
    expect(readFileSync(join(run, 'journal'), 'utf8').split('"accepted"')).toHaveLength(2)
  })

  test('stays silent while another process speaks for the agent, and speaks when that is gone', async () => {
    const first = voiceWith().voice
    await first.start(null)
    const second = voiceWith().voice
    let held = false
    const started = second.start(null, () => {
      held = true
    })
    await until(() => held)
    second.say({ kind: 'ready' })
    expect(second.speaking).toBe(false)
    expect(said()).toEqual(['started'])
    first.stop()
    await started
    expect(second.speaking).toBe(true)
    second.stop()
  })

  test('ends its waiting when it is stopped', async () => {
    const first = voiceWith().voice
    await first.start(null)
    const second = voiceWith().voice
    const started = second.start(null)
    second.stop()
    await started
    expect(second.speaking).toBe(false)
    first.stop()
  })

  test('never ends the runtime because nobody can be told, but accepts nothing then', async () => {
    const { voice } = voiceWith()
    await voice.start(null)
    rmSync(directory, { recursive: true })
    voice.say({ kind: 'ready' })
    voice.sayActivity()
    expect(() => voice.accept('a', 'A', 'turn')).toThrow()
    voice.finish('a')
    voice.stop()
  })

  test('starts behind the torn line of a killed predecessor', async () => {
    appendFileSync(places().journalFile, '{"v":1,"at":')
    const { voice } = voiceWith()
    await voice.start(null)
    expect(said()).toEqual(['started'])
    voice.stop()
  })
})
