import { expect, test } from 'vitest'
import { commandCompleter } from '../output/complete-commands.ts'
import { makeStyle } from '../output/style.ts'
import { textWidth } from '../output/width.ts'
import { agentLines } from './agent-lines.ts'
import { agentRecord, fleetSnapshot } from './example-fleet.ts'
import { footerLines, psLines } from './ps-table.ts'
import { verifyFleet } from './verify.ts'
import { layOut } from './watch-screen.ts'

const plain = makeStyle(false)
const evil = '\u001b]0;x\u0007\u001b[2J\nrm\u202e'

const hostile = fleetSnapshot({
  roster_problem: `roster.yaml:3:1: ${evil}`,
  orphans: [{ session: evil, pid: null, command: evil }],
  agents: [
    agentRecord({
      alias: evil,
      model: evil.repeat(20),
      title: evil,
      working_directory: evil,
      health: 'stale',
      health_reason: evil,
      activity_detail: evil,
      flags: ['DRIFT'],
      flag_reasons: { DRIFT: evil },
    }),
  ],
})

test('at 80 columns the essential columns are there and no line is wider', () => {
  const lines = psLines(fleetSnapshot({ agents: [agentRecord({ name: 'orchestrator', class: 'orchestrator', flags: ['DRIFT'] })] }), {
    style: plain,
    width: 80,
  })
  for (const title of ['NAME', 'RUNTIME', 'HEALTH', 'ACTIVITY', 'BEAT', 'PID', 'FLAGS']) expect(lines[0]).toContain(title)
  for (const line of lines) expect(textWidth(line)).toBeLessThanOrEqual(80)
})

test('a wider terminal shows more, --wide shows all', () => {
  const snapshot = fleetSnapshot()
  const at = (width: number) => (psLines(snapshot, { style: plain, width })[0] ?? '').split(/ +/).length
  expect(at(100)).toBeGreaterThanOrEqual(at(80))
  expect(at(200)).toBeGreaterThan(at(100))
  const [wide = ''] = psLines(snapshot, { style: plain, wide: true })
  for (const title of ['CLASS', 'MODEL', 'PANE', 'SUPERVISOR', 'SPEND', 'HOST', 'TENANT', 'IDLE']) expect(wide).toContain(title)
})

test('names, titles, reasons and orphans with escape sequences print harmlessly', () => {
  for (const width of [undefined, 80, 40]) {
    for (const line of [...psLines(hostile, { style: plain, width }), ...footerLines(hostile)]) {
      expect(line).not.toMatch(/[\u0000-\u001f\u007f-\u009f\u202e]/)
    }
  }
  for (const line of agentLines(hostile.agents[0] ?? agentRecord(), plain)) expect(line).not.toMatch(/[\u0000-\u001f\u007f-\u009f\u202e]/)
})

test('the footer gives each reason once, with the agents it holds for', () => {
  const names = ['a', 'b', 'c', 'd', 'e', 'f']
  const agents = names.map((name) => agentRecord({ name, health: 'stale', health_reason: 'no answer for 47 s' }))
  expect(footerLines(fleetSnapshot({ agents, paused: true }))).toEqual([
    'PAUSED: no dispatch and no merge; mosaic fleet resume',
    'a, b, c, d and 2 more: stale, no answer for 47 s',
  ])
})

test('without an observer it says so once, and what to do', () => {
  const agents = [agentRecord({ health: 'unknown', health_reason: 'observer down', activity: null })]
  expect(footerLines(fleetSnapshot({ observer: 'down', agents }))).toEqual([
    'observer down: nobody judges health; the host service does not run: mosaic fleet start',
  ])
  const lost = agentRecord({ health: 'dead', pane: 'none', pid: null })
  expect(footerLines(fleetSnapshot({ observer: 'down', agents: [lost] }))[0]).toContain('it is meant to')
  const stopped = [{ ...lost, health: 'stopped' as const, supervisor: { ...lost.supervisor, wanted: false } }]
  expect(footerLines(fleetSnapshot({ observer: 'down', agents: stopped }))[0]).toContain('the fleet is stopped')
})

test('an empty fleet is a table without rows, and says how to get an agent', () => {
  const text = psLines(fleetSnapshot({ agents: [], observer: 'down' }), { style: plain, width: 80 }).join('\n')
  expect(text).toContain('0 agents')
  expect(text).toContain('no agents: mosaic fleet add orchestrator --runtime stub')
  expect(text).not.toContain('mosaic fleet start')
})

test('an agent that answers and cannot work is healthy, and is seen to be of no use', () => {
  const agents = [agentRecord({ activity: 'idle', activity_detail: 'pi has no model' }), agentRecord({ name: 'b' })]
  const snapshot = fleetSnapshot({ agents })
  expect(footerLines(snapshot)).toEqual(['coder0: takes no message: pi has no model'])
  const [unable, able] = verifyFleet(snapshot, undefined)
  expect(unable?.checks.filter(({ ok }) => !ok)).toEqual([{ check: 'receipts', ok: false, detail: 'takes no message: pi has no model' }])
  expect(able?.ok).toBe(true)
  const waiting = agentRecord({ activity: 'waiting', activity_detail: 'a permission' })
  expect(footerLines(fleetSnapshot({ agents: [waiting] }))).toEqual(['coder0: waiting for a permission'])
})

test('a command below the table is completed before it is fitted', () => {
  const complete = commandCompleter({ home: `/srv/${'x'.repeat(60)}` })
  const lines = psLines(fleetSnapshot({ paused: true }), { style: plain, width: 80, complete })
  expect(lines.join(' ')).toContain(`mosaic --mosaic-home /srv/${'x'.repeat(60)} fleet resume`)
  for (const line of lines) expect(textWidth(line)).toBeLessThanOrEqual(80)
})

test('the watched screen has as many lines as the terminal and scrolls within the agents', () => {
  const agents = Array.from({ length: 100 }, (_, index) => agentRecord({ name: `coder${index}` }))
  const lines = psLines(fleetSnapshot({ agents }), { style: plain, width: 80 })
  const scroll = { offset: 0 }
  const first = layOut(lines, 24, scroll, 'title')
  expect(first.length).toBeLessThanOrEqual(24)
  expect(first[2]).toContain('coder0')
  expect(first.join('\n')).toContain('of 100 agents')
  scroll.offset = 1e6
  const last = layOut(lines, 24, scroll, 'title')
  expect(last.join('\n')).toContain('coder99')
  expect(scroll.offset).toBeLessThan(100)
})

test('a small fleet leaves room for what stands below it', () => {
  const lines = psLines(hostile, { style: plain, width: 80 })
  const shown = layOut(lines, 24, { offset: 0 }, 'title').join('\n')
  expect(shown).toContain('ORPHAN')
  expect(shown).toContain('DRIFT')
})

test('an agent is verified by session, process, heartbeat and receipts, each with what was found', () => {
  const dead = agentRecord({ name: 'b', pane: 'dead', pid: null, health: 'dead', health_reason: 'exit 3' })
  const stopped = agentRecord({
    name: 'c',
    pane: 'none',
    pid: null,
    health: 'stopped',
    supervisor: { ...agentRecord().supervisor, wanted: false },
  })
  const stale = agentRecord({ name: 'd', health: 'stale', health_reason: 'no answer for 50 s' })
  const verdicts = verifyFleet(fleetSnapshot({ agents: [agentRecord({ name: 'a' }), dead, stopped, stale] }), undefined)
  expect(verdicts.map(({ name, ok }) => [name, ok])).toEqual([
    ['a', true],
    ['b', false],
    ['c', false],
    ['d', false],
  ])
  expect(verdicts[3]?.checks.filter(({ ok }) => !ok)).toEqual([{ check: 'heartbeat', ok: false, detail: 'stale, no answer for 50 s' }])
  expect(verifyFleet(fleetSnapshot(), 'the spool cannot be written: EACCES')[0]?.ok).toBe(false)
})

const escalation = (id: string) => ({
  id,
  at: '2026-11-26T13:44:40.664Z',
  tenant_id: 'ten',
  host: 'box',
  agent: 'coder0',
  trigger: 'missing_access' as const,
  text: evil,
  message_id: null,
  acknowledged_at: null,
  acknowledged_by: null,
})

test('open escalations stand below the table with what acknowledges them, a few by themselves and the rest as a number', () => {
  const ids = ['id1', 'id2', 'id3', 'id4', 'id5']
  const lines = footerLines(fleetSnapshot({ escalations: ids.map(escalation) }))
  expect(lines).toEqual([
    ...ids.slice(0, 3).map((id) => `ESCALATION: coder0: missing_access; mosaic fleet escalations --ack ${id}`),
    'and 2 more: mosaic fleet escalations',
  ])
})

test('an agent in full says what failed, what its account has left and the size of its context', () => {
  const lines = agentLines(
    agentRecord({
      error: { reason: 'rate-limited', detail: `429 ${evil}`, until: '2026-11-26T15:00:00.000Z' },
      context_limit: 200_000,
      limits: [{ name: 'five_hour', used_percent: 97.25, minutes: 300, resets_at: '2026-11-26T15:00:00.000Z' }],
    }),
    plain,
  ).join('\n')
  expect(lines).toContain('rate-limited, until 2026-11-26T15:00:00.000Z (429 ')
  expect(lines).toContain('context 1200 of 200000 tokens')
  expect(lines).toContain('five_hour 97.3 % used, resets 2026-11-26T15:00:00.000Z')
  expect(lines.split('\n').join('')).not.toMatch(/[\u0000-\u001f\u007f-\u009f\u202e]/)
})

test('an agent whose runtime is logged out is told with what logs it in, by its account or by itself', () => {
  const error = { reason: 'logged-out', detail: '401', until: null }
  const agents = [
    agentRecord({ name: 'a', runtime: 'claude', account: 'work', error }),
    agentRecord({ name: 'b', runtime: 'codex', error }),
    agentRecord({ name: 'c', runtime: 'pi', pane: 'none', error }),
  ]
  const lines = footerLines(fleetSnapshot({ agents }))
  expect(lines).toEqual(['a: logged out: mosaic account login work', 'b: logged out: codex login'])
})
