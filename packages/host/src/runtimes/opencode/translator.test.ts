import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { SignalBody } from '@mosaic/domain/signal'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { storedMessageOf } from './api.ts'
import { SessionRecord } from './session-record.ts'
import { Translator } from './translator.ts'

const ID = '01hq00000000000000000000aa'
const TEXT = `[t@h:a -> t@h:b #${ID}]\nhello`
const CURRENT = 'ses_1'

let directory = ''
let said: SignalBody[] = []
let idles = 0
let conversations: string[] = []
let translator: Translator

function fresh(): Translator {
  const record = SessionRecord.in(directory)
  if (record.current === undefined) record.enter(CURRENT, 1)
  return new Translator({
    record,
    sink: (signal) => said.push(signal),
    factsOf: () => ({ contextLimit: 200_000, priced: true, variants: [] }),
    nowMs: () => 0,
    onConversation: (id) => conversations.push(id),
    onIdle: () => {
      idles += 1
    },
  })
}

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'mosaic-oct-'))
  said = []
  idles = 0
  conversations = []
  translator = fresh()
})
afterEach(() => rmSync(directory, { recursive: true, force: true }))

const hear = (type: string, properties: unknown) => translator.event({ id: 'evt_1', type, properties })
const status = (type: string, sessionID = CURRENT) => hear('session.status', { sessionID, status: { type } })
const userInfo = (id: string, sessionID = CURRENT) => ({ id, sessionID, role: 'user', time: { created: 10 } })
const callInfo = (id: string, parentID: string, more: Record<string, unknown> = {}) => ({
  id,
  sessionID: CURRENT,
  role: 'assistant',
  parentID,
  modelID: 'm',
  providerID: 'p',
  cost: 0.5,
  tokens: { input: 10, output: 5, reasoning: 0, cache: { read: 0, write: 0 } },
  time: { created: 11, completed: 12 },
  ...more,
})
function prompted(id: string, text: string, sessionID = CURRENT): void {
  hear('message.updated', { sessionID, info: userInfo(id, sessionID) })
  hear('message.part.updated', { sessionID, part: { id: `prt_${id}`, type: 'text', text, messageID: id, sessionID } })
}
const called = (id: string, parentID: string, more = {}) =>
  hear('message.updated', { sessionID: CURRENT, info: callInfo(id, parentID, more) })
const kinds = () => said.map(({ kind }) => kind)
const of = <K extends SignalBody['kind']>(kind: K) => said.filter((signal) => signal.kind === kind)

test('a message of the fleet is accepted when its text is kept, as a turn or behind one', () => {
  prompted('msg_1', TEXT)
  status('busy')
  prompted('msg_2', TEXT.replace('aa]', 'bb]'))
  expect(of('accepted')).toEqual([
    { kind: 'accepted', id: ID, mode: 'turn' },
    { kind: 'accepted', id: ID.replace('aa', 'bb'), mode: 'queued' },
  ])
})

test('what a person writes is accepted for nobody, nor what an agent tells its own subagent', () => {
  prompted('msg_1', 'hello')
  hear('session.created', { info: { id: 'ses_child', parentID: CURRENT } })
  prompted('msg_2', TEXT, 'ses_child')
  expect(of('accepted')).toEqual([])
  expect(conversations).toEqual([])
})

test('an acceptance and a call are said once, however often they are told, also after a restart', () => {
  for (const restart of [false, true]) {
    if (restart) translator = fresh()
    prompted('msg_1', TEXT)
    called('msg_a', 'msg_1')
    called('msg_a', 'msg_1')
  }
  expect([of('accepted').length, of('usage').length]).toEqual([1, 1])
})

test('a turn is all calls that answer one message, and ends with the next or with rest', () => {
  prompted('msg_1', TEXT)
  status('busy')
  called('msg_a', 'msg_1', { finish: 'tool-calls' })
  called('msg_b', 'msg_1')
  called('msg_c', 'msg_2')
  status('idle')
  status('idle')
  const turns = of('turn').map((signal) => ('phase' in signal && 'turn' in signal ? `${signal.phase} ${signal.turn}` : ''))
  expect(turns).toEqual(['started 1', 'ended 1', 'started 2', 'ended 2'])
  expect(idles).toBe(2)
})

test('a question waits for a person, whatever else goes on, and says what is asked', () => {
  status('busy')
  hear('permission.asked', { id: 'per_1', sessionID: CURRENT, permission: 'bash', patterns: ['touch x'] })
  expect(translator.activity).toEqual({ activity: 'waiting', detail: 'permission: bash touch x' })
  hear('permission.replied', { sessionID: CURRENT, requestID: 'per_1', reply: 'reject' })
  hear('question.asked', { id: 'que_1', sessionID: CURRENT, questions: [{ question: 'Which one?' }] })
  expect(translator.activity).toEqual({ activity: 'waiting', detail: 'question: Which one?' })
  hear('question.rejected', { sessionID: CURRENT, requestID: 'que_1' })
  status('idle')
  expect(of('activity').map((signal) => 'activity' in signal && signal.activity)).toEqual([
    'busy',
    'waiting',
    'busy',
    'waiting',
    'busy',
    'idle',
  ])
})

test('a failure is said once though two events tell it, and is over with the next call that goes well', () => {
  const error = { name: 'APIError', data: { message: 'no', statusCode: 400 } }
  hear('session.error', { sessionID: CURRENT, error })
  called('msg_a', 'msg_1', { error, tokens: {} })
  called('msg_b', 'msg_2')
  expect(of('error')).toEqual([{ kind: 'error', reason: 'model', detail: 'no', until: null }])
  expect(kinds().filter((kind) => kind === 'recovered')).toHaveLength(1)
})

test('what was stored while nobody listened is said from where it was left', () => {
  prompted('msg_1', TEXT)
  called('msg_a', 'msg_1')
  status('idle')
  said = []
  translator = fresh()
  const stored = [
    { info: userInfo('msg_1'), parts: [{ id: 'prt_1', type: 'text', text: TEXT }] },
    { info: callInfo('msg_a', 'msg_1'), parts: [] },
    { info: { ...userInfo('msg_2'), time: { created: 20 } }, parts: [{ id: 'prt_2', type: 'text', text: TEXT.replace('aa]', 'bb]') }] },
    { info: callInfo('msg_b', 'msg_2', { time: { created: 21, completed: 22 } }), parts: [] },
  ].map((message) => storedMessageOf(message))
  translator.replay(stored.filter((message) => message !== undefined))
  translator.take(new Map(), [])
  expect(of('accepted')).toEqual([{ kind: 'accepted', id: ID.replace('aa', 'bb'), mode: 'turn' }])
  expect(of('usage').map((signal) => 'key' in signal && signal.key)).toEqual(['opencode:msg_b'])
  expect(of('turn').map((signal) => 'phase' in signal && 'turn' in signal && `${signal.phase} ${signal.turn}`)).toEqual([
    'started 2',
    'ended 2',
  ])
  expect(of('activity')).toEqual([{ kind: 'activity', activity: 'idle', detail: null }])
})

test('a conversation that a person begins is told, and a compaction', () => {
  hear('session.created', { info: { id: 'ses_2' } })
  expect(conversations).toEqual(['ses_2'])
  hear('message.part.updated', { part: { id: 'prt_9', type: 'compaction', messageID: 'msg_9', sessionID: CURRENT } })
  hear('session.compacted', { sessionID: CURRENT })
  expect(of('compaction').map((signal) => 'phase' in signal && signal.phase)).toEqual(['started', 'ended'])
})

test.each([null, 1, {}, { type: 'message.updated' }, { type: 'session.status', properties: { status: 1 } }])(
  'ignores what is no event of it: %j',
  (value) => {
    translator.event(value)
    expect(of('error')).toEqual([])
    expect(of('accepted')).toEqual([])
  },
)
