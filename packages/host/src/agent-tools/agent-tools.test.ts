import { mkdirSync, readFileSync } from 'node:fs'
import { type AgentDefinition, defineFleet, type FleetDefinition } from '@mosaic/domain/agent'
import { MAX_MESSAGE_BYTES, messageId } from '@mosaic/domain/message'
import { FakeClock, turn } from '@mosaic/testkit/fake-clock'
import { ScriptedHost } from '@mosaic/testkit/scripted-receiver'
import { tempHome } from '@mosaic/testkit/temp-home'
import { TinyFleet } from '@mosaic/testkit/tiny-fleet'
import { describe, expect, it } from 'vitest'
import { AgentDesk } from '../agent-desk.ts'
import { Acting } from '../audit/acting.ts'
import { openAudit } from '../audit/audit-log.ts'
import { FleetAudit } from '../audit/fleet-audit.ts'
import { PostOffice } from '../mailbox/post-office.ts'
import { resolvePaths } from '../paths.ts'
import { escalationsOnDisk, reportsOnDisk } from './report-store.ts'

const MACHINE = { tenantId: 't', host: 'h', homeDirectory: '/home/t', heartbeatIntervalMs: undefined }
const FLEET = defineFleet(
  {
    version: 1,
    agents: [
      { name: 'boss', class: 'orchestrator', runtime: 'stub' },
      { name: 'coder0', class: 'coder', runtime: 'stub' },
      { name: 'coder1', class: 'coder', runtime: 'stub' },
    ],
  },
  MACHINE,
)

async function world() {
  const home = await tempHome()
  const paths = resolvePaths({ env: home.env })
  mkdirSync(paths.run, { recursive: true })
  const clock = new FakeClock()
  const acting = new Acting()
  const said: string[] = []
  const events: [string, string, Record<string, unknown>][] = []
  let made = 0
  const random = () => {
    made += 1
    return new Uint8Array([0, 0, 0, 0, 0, 0, 0, 0, made >> 8, made & 255])
  }
  let fleet: FleetDefinition = FLEET
  const log = (text: string) => said.push(text)
  const audit = new FleetAudit({ audit: openAudit(paths), acting, clock, log, place: () => fleet })
  const down = { up: false, reason: 'not-running', detail: 'it is stopped', dropsDuplicates: true } as const
  const post = new PostOffice({
    paths,
    clock,
    log,
    random,
    host: new ScriptedHost([]),
    audit: () => {},
    target: () => down,
    isAgent: () => true,
    onReceipt: () => {},
  })
  const desk = new AgentDesk(paths, {
    clock,
    acting,
    log,
    random,
    audit,
    post,
    fleet: () => fleet,
    snapshot: () => new TinyFleet().snapshot(),
    onEvent: (...event) => events.push(event),
  })
  return {
    paths,
    clock,
    post,
    desk,
    said,
    events,
    acting,
    have: (agents: readonly AgentDefinition[]) => {
      fleet = { ...fleet, agents: [...agents] }
    },
    async call(name: string, tool: string, input: unknown = {}, callId?: string) {
      const answer = await desk.tools.call({ name, launchId: 'l1', callId }, tool, input)
      return { isError: answer?.isError, text: answer?.text ?? '', structured: (answer?.structured ?? {}) as Record<string, never> }
    },
    audited: () =>
      readFileSync(paths.auditFile, 'utf8')
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line) as Record<string, unknown>),
    async [Symbol.asyncDispose]() {
      post[Symbol.dispose]()
      desk[Symbol.dispose]()
      await turn()
      await home[Symbol.asyncDispose]()
    },
  }
}

describe('fleet_send', () => {
  it('sends in the name of who calls, and audits that before', async () => {
    await using it = await world()
    const { isError, structured } = await it.call('coder0', 'fleet_send', { to: 'coder1', message: 'hello' })
    expect(isError).toBe(false)
    expect(structured).toMatchObject({ to: 't@h:coder1', state: 'stored' })
    expect(it.post.receipt(structured['id'] ?? '')).toMatchObject({ from: 't@h:coder0', to: 't@h:coder1' })
    expect(it.audited()).toEqual([expect.objectContaining({ actor: 't@h:coder0', verb: 'send', agent: 'coder1', ref: structured['id'] })])
  })

  it('takes an address as it stands in a message, of this fleet alone', async () => {
    await using it = await world()
    expect((await it.call('coder0', 'fleet_send', { to: 't@h:boss', message: 'x' })).structured).toMatchObject({ to: 't@h:boss' })
    const { isError, text } = await it.call('coder0', 'fleet_send', { to: 't@elsewhere:boss', message: 'x' })
    expect(isError).toBe(true)
    expect(text).toContain('boss, coder0, coder1')
  })

  it.each([
    [{ to: 'nobody', message: 'x' }, 'no agent "nobody"'],
    [{ to: 'coder1', message: '' }, 'message'],
    [{ to: 'coder1', message: 'é'.repeat(40_000) }, 'at most 65536'],
    [{ to: 'coder1', message: 'x', from: 't@h:boss' }, 'from'],
    [{ to: 'coder1' }, 'message'],
  ])('says what is wrong with %j', async (input, word) => {
    await using it = await world()
    const { isError, text } = await it.call('coder0', 'fleet_send', input)
    expect(isError).toBe(true)
    expect(text).toContain(word)
  })

  it('of a caller that repeats its call sends once', async () => {
    await using it = await world()
    const id = messageId(it.clock.wallMs(), new Uint8Array(10).fill(7))
    const send = () => it.call('coder0', 'fleet_send', { to: 'coder1', message: 'hello' }, id)
    expect((await send()).structured['id']).toBe(id)
    expect((await send()).structured['id']).toBe(id)
    expect(it.post.receipts('coder1', 10)).toHaveLength(1)
  })

  it('is refused while too many of one sender wait for one receiver, and leaves nothing then', async () => {
    await using it = await world()
    const ids = Array.from({ length: 101 }, (_, made) => messageId(it.clock.wallMs(), new Uint8Array(10).fill(made)))
    const send = (id: string | undefined, to = 'coder1', from = 'coder0') => it.call(from, 'fleet_send', { to, message: 'hello' }, id)
    for (const id of ids.slice(0, 100)) expect((await send(id)).isError).toBe(false)
    const audited = it.audited().length
    expect(await send(ids[100])).toMatchObject({
      isError: true,
      text: expect.stringMatching(/100 messages of t@h:coder0.*What to do: wait/),
    })
    expect(it.audited()).toHaveLength(audited)
    expect(it.post.receipts('coder1', 200)).toHaveLength(100)
    expect((await send(ids[99])).structured).toMatchObject({ id: ids[99], state: 'stored' })
    expect((await send(undefined, 'boss')).isError).toBe(false)
    expect((await send(undefined, 'coder1', 'boss')).isError).toBe(false)
  })

  it('waits for the receipt as long as it was asked to, and then says how it stands', async () => {
    await using it = await world()
    const sent = it.call('coder0', 'fleet_send', { to: 'coder1', message: 'hello', wait_seconds: 5 })
    await it.clock.elapse(5_000)
    expect((await sent).structured).toMatchObject({ state: 'stored', reason: 'not-running' })
  })
})

it('fleet_inbox shows what an agent sent and was sent, and nothing of others', async () => {
  await using it = await world()
  await it.call('coder0', 'fleet_send', { to: 'coder1', message: 'from coder0' })
  await it.call('coder1', 'fleet_send', { to: 'coder0', message: `long ${'x'.repeat(5_000)}` })
  await it.call('boss', 'fleet_send', { to: 'coder1', message: 'not for coder0' })
  const { structured } = await it.call('coder0', 'fleet_inbox')
  expect(structured['messages']).toEqual([
    expect.objectContaining({ direction: 'received', from: 't@h:coder1', characters_left_out: 3_005 }),
    expect.objectContaining({ direction: 'sent', to: 't@h:coder1', text: 'from coder0', state: 'stored' }),
  ])
  expect(structured['whole_text']).toContain('id')
  expect((await it.call('coder0', 'fleet_inbox', { limit: 1 })).structured['messages']).toHaveLength(1)
})

describe('fleet_inbox with an id', () => {
  // What display would rewrite: joined emoji, a mark of direction, blanks at the end.
  const TEXT = `\u202eabc 👩\u200d💻\t e\u0301 ${'🎉'.repeat((MAX_MESSAGE_BYTES - 40) / 4)}  \n`

  it('shows one message whole and unchanged, to its sender and its receiver alone', async () => {
    await using it = await world()
    const { structured } = await it.call('coder0', 'fleet_send', { to: 'coder1', message: TEXT })
    const id = structured['id'] ?? ''
    for (const [name, direction] of [
      ['coder0', 'sent'],
      ['coder1', 'received'],
    ] as const) {
      const shown = await it.call(name, 'fleet_inbox', { id })
      expect(shown.structured['messages']).toEqual([expect.objectContaining({ id, direction, text: TEXT, characters_left_out: 0 })])
      expect(JSON.parse(shown.text)).toEqual(shown.structured)
    }
    expect(await it.call('boss', 'fleet_inbox', { id })).toMatchObject({
      isError: true,
      text: expect.stringContaining('sent to you or by you'),
    })
  })

  it('is what a list refers to, which begins each text as it is and cuts no character in two', async () => {
    await using it = await world()
    await it.call('coder0', 'fleet_send', { to: 'coder1', message: 'short 👩\u200d💻' })
    expect((await it.call('coder1', 'fleet_inbox')).structured).toEqual({
      messages: [expect.objectContaining({ text: 'short 👩\u200d💻' })],
    })
    const long = `x${'🎉'.repeat(1_500)}`
    await it.call('coder0', 'fleet_send', { to: 'coder1', message: long })
    const { structured } = await it.call('coder1', 'fleet_inbox', { limit: 1 })
    expect(structured['messages']).toEqual([expect.objectContaining({ text: long.slice(0, 1_999), characters_left_out: 1_002 })])
  })
})

describe('fleet_report', () => {
  it('is kept, told and audited under the name of who calls', async () => {
    await using it = await world()
    const input = { kind: 'progress', task: 'the parser', text: 'half\u001b[31m done', percent: 50 }
    const { structured } = await it.call('coder0', 'fleet_report', input)
    const kept = {
      id: structured['id'],
      at: new Date(it.clock.wallMs()).toISOString(),
      tenant_id: 't',
      host: 'h',
      agent: 'coder0',
      kind: 'progress',
      task: 'the parser',
      text: 'half␛[31m done',
      percent: 50,
    }
    expect(it.desk.reports(FLEET.agents[1], 10)).toEqual([kept])
    expect(reportsOnDisk(it.paths, 'coder0', 10)).toEqual([kept])
    expect(it.desk.reports(FLEET.agents[2], 10)).toEqual([])
    expect(it.events).toEqual([['coder0', 'report', expect.objectContaining({ kind: 'progress', percent: 50 })]])
    expect(it.audited()).toEqual([expect.objectContaining({ actor: 't@h:coder0', verb: 'report', agent: 'coder0' })])
  })

  it('that is repeated is kept, told and audited once, and another agent may use the same id', async () => {
    await using it = await world()
    const callId = messageId(it.clock.wallMs(), new Uint8Array(10).fill(7))
    const report = (name: string) => it.call(name, 'fleet_report', { kind: 'result', text: `of ${name}` }, callId)
    const ids: unknown[] = []
    for (const name of ['coder0', 'coder0', 'coder1', 'coder1']) ids.push((await report(name)).structured['id'])
    expect([ids[0], ids[1], ids[3]]).toEqual([callId, callId, ids[2]])
    expect(it.desk.reports(undefined, 10).map(({ text }) => text)).toEqual(['of coder1', 'of coder0'])
    expect([it.events.length, it.audited().length]).toEqual([2, 2])
  })

  it('keeps the newest thousand of an agent', async () => {
    await using it = await world()
    for (let sent = 0; sent < 1_003; sent += 1) await it.call('coder0', 'fleet_report', { kind: 'result', text: `result ${sent}` })
    const kept = it.desk.reports(undefined, 2_000)
    expect([kept.length, kept[0]?.text, kept.at(-1)?.text]).toEqual([1_000, 'result 1002', 'result 3'])
  })
})

describe('fleet_escalate', () => {
  const CALL = { trigger: 'irreversible_action', text: 'drop the table?' }

  it('is open until it is acknowledged, and told to the orchestrator', async () => {
    await using it = await world()
    const { structured } = await it.call('coder0', 'fleet_escalate', CALL)
    const id = structured['id'] ?? ''
    expect(structured).toMatchObject({ orchestrator_told: 'boss' })
    expect(it.post.correspondence({ tenant_id: 't', host: 'h', session: 'boss' }, 1)[0]).toMatchObject({
      receipt: { from: 't@h:coder0' },
      text: expect.stringContaining('drop the table?'),
    })
    const open = { agent: 'coder0', trigger: 'irreversible_action', text: 'drop the table?', message_id: id, acknowledged_at: null }
    expect(it.desk.escalations({ all: false })).toEqual([expect.objectContaining(open)])
    expect(escalationsOnDisk(it.paths, { all: false })).toEqual([expect.objectContaining(open)])
    const acknowledged = it.acting.as('operator', () => it.desk.acknowledge(id))
    expect(acknowledged).toMatchObject({ acknowledged_by: 't@h:operator' })
    expect(it.acting.as('boss', () => it.desk.acknowledge(id))).toEqual(acknowledged)
    expect(it.desk.escalations({ all: false })).toEqual([])
    expect(it.desk.escalations({ all: true })).toHaveLength(1)
    expect(it.audited().map(({ actor, verb }) => [actor, verb])).toEqual([
      ['t@h:coder0', 'escalate'],
      ['t@h:operator', 'acknowledge'],
    ])
  })

  it('of the orchestrator itself, or without one, is told to the operator alone', async () => {
    await using it = await world()
    expect((await it.call('boss', 'fleet_escalate', CALL)).structured).toMatchObject({ orchestrator_told: null })
    it.have(FLEET.agents.filter(({ name }) => name !== 'boss'))
    expect((await it.call('coder0', 'fleet_escalate', CALL)).structured).toMatchObject({ orchestrator_told: null })
    expect(it.desk.escalations({ all: false })).toHaveLength(2)
  })

  it('that is repeated is one, and so is its message', async () => {
    await using it = await world()
    const id = messageId(it.clock.wallMs(), new Uint8Array(10).fill(7))
    for (let again = 0; again < 2; again += 1) {
      const { structured } = await it.call('coder0', 'fleet_escalate', CALL, id)
      expect(structured).toMatchObject({ id, kept: true, orchestrator_told: 'boss' })
    }
    expect(it.desk.escalations({ all: false })).toHaveLength(1)
    expect(it.post.receipts('boss', 10)).toHaveLength(1)
    expect([it.events.length, it.audited().length]).toEqual([1, 1])
  })

  it('that is repeated is kept as it was, also when no more may be open and after it was acknowledged', async () => {
    await using it = await world()
    const id = messageId(it.clock.wallMs(), new Uint8Array(10).fill(7))
    for (let call = 0; call < 19; call += 1) await it.call('coder0', 'fleet_escalate', CALL)
    for (let again = 0; again < 2; again += 1)
      expect((await it.call('coder0', 'fleet_escalate', CALL, id)).structured).toMatchObject({ id, kept: true })
    it.acting.as('operator', () => it.desk.acknowledge(id))
    expect((await it.call('coder0', 'fleet_escalate', CALL, id)).structured).toMatchObject({ id, kept: true })
    expect(it.desk.escalations({ all: true })).toHaveLength(20)
    expect(it.desk.escalations({ all: false })).toHaveLength(19)
  })

  it('is one of its own for each agent, whichever ids they give their calls', async () => {
    await using it = await world()
    const callId = messageId(it.clock.wallMs(), new Uint8Array(10).fill(7))
    const idOf = async (name: string) => (await it.call(name, 'fleet_escalate', { ...CALL, text: `of ${name}` }, callId)).structured['id']
    const ids = [await idOf('coder0'), await idOf('coder1')]
    expect([await idOf('coder0'), await idOf('coder1')]).toEqual(ids)
    expect(it.post.receipts('boss', 10)).toHaveLength(2)
    it.acting.as('operator', () => it.desk.acknowledge(ids[1] ?? ''))
    expect(it.desk.escalations({ all: false })).toEqual([expect.objectContaining({ id: ids[0], agent: 'coder0', text: 'of coder0' })])
    expect(it.desk.escalations({ all: true })).toHaveLength(2)
  })

  it('is refused while too many of one agent are open, and another agent is not', async () => {
    await using it = await world()
    for (let call = 0; call < 20; call += 1) await it.call('coder0', 'fleet_escalate', CALL)
    expect(await it.call('coder0', 'fleet_escalate', CALL)).toMatchObject({ isError: true, text: expect.stringContaining('at most 20') })
    expect((await it.call('coder1', 'fleet_escalate', CALL)).isError).toBe(false)
  })

  it('that nobody knows cannot be acknowledged', async () => {
    await using it = await world()
    expect(() => it.desk.acknowledge('x')).toThrow(expect.objectContaining({ code: 'not_found', mend: 'mosaic fleet escalations' }))
  })
})

describe('an agent', () => {
  it('that the roster does not name any more can do nothing', async () => {
    await using it = await world()
    it.have([])
    expect(await it.call('coder0', 'fleet_report', { kind: 'result', text: 'x' })).toMatchObject({ isError: true })
    expect(it.desk.reports(undefined, 10)).toEqual([])
  })

  it('is told nothing of a fault inside, which goes to the log', async () => {
    await using it = await world()
    it.post[Symbol.dispose]()
    const { isError, text } = await it.call('coder0', 'fleet_inbox')
    expect([isError, text.includes('database')]).toEqual([true, false])
    expect(it.said.join()).toContain('database')
  })

  it('finds no other tool', async () => {
    await using it = await world()
    expect(await it.desk.tools.call({ name: 'coder0', launchId: 'l1' }, 'fleet_stop', {})).toBeUndefined()
  })
})
