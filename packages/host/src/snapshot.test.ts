import { mkdirSync, writeFileSync } from 'node:fs'
import type { AgentDefinition } from '@mosaic/domain/agent'
import { FleetSnapshotSchema } from '@mosaic/domain/agent-record'
import type { PaneState } from '@mosaic/domain/ports/session-host'
import { nodeProgram } from '@mosaic/testkit/node-program'
import { tempHome } from '@mosaic/testkit/temp-home'
import { until } from '@mosaic/testkit/until'
import { describe, expect, it } from 'vitest'
import { type MosaicPaths, resolvePaths } from './paths.ts'
import { childrenOf } from './processes.ts'
import { type Heard, joinSnapshot, type SnapshotParts, type SupervisedAs } from './snapshot.ts'

const PATHS = resolvePaths({ env: { MOSAIC_HOME: '/no/such/home' } })

const agent = (name: string): AgentDefinition => ({
  name,
  class: 'coder',
  alias: `the ${name}`,
  address: { tenant_id: 't', host: 'h', session: name },
  runtime: 'stub',
  model: undefined,
  effort: undefined,
  workingDirectory: '/tmp',
  command: undefined,
  env: {},
  heartbeatIntervalMs: 1_000,
  yolo: false,
  lifecycle: 'core',
  local: true,
  ssh: undefined,
})

const UP: SupervisedAs = {
  wanted: true,
  failed: false,
  state: 'up',
  launchId: 'l1',
  launchedAs: { runtime: 'stub', model: null, workingDirectory: '/tmp', argv: [] },
  restarts: 1,
  lastExit: 'exit 1',
  upForMs: 60_000,
}
const QUIET: Heard = {
  activity: null,
  detail: null,
  activityForMs: 0,
  model: null,
  contextUsed: null,
  contextLimit: null,
  compacting: false,
  error: null,
  limits: [],
  spendTodayUsd: null,
  tokensToday: null,
}

const pane = (session: string, changes: Partial<PaneState> = {}): PaneState => ({
  session,
  sessionId: '$1',
  paneId: '%1',
  pid: process.pid,
  tty: '/dev/pts/1',
  alive: true,
  exitStatus: null,
  exitSignal: null,
  idleSeconds: 7,
  inCopyMode: false,
  width: 1,
  height: 1,
  currentCommand: 'node',
  title: 'a title',
  mark: `${PATHS.home}#l1`,
  ...changes,
})

const beat = (pid = process.pid) => ({ tsMs: 0, pid, status: 'busy' as const, source: 'runtime' as const, model: 'm1', contextUsed: 5 })

function join(changes: Partial<SnapshotParts> = {}) {
  const snapshot = joinSnapshot({
    paths: PATHS,
    fleet: { tenantId: 't', host: 'h', socketName: 'mosaic-fleet', holderSession: 'holder', agents: [agent('coder0')] },
    nowMs: 0,
    observerUp: true,
    observerNote: null,
    rosterProblem: null,
    escalations: [],
    panes: [pane('coder0')],
    supervised: () => UP,
    observation: () => ({ beat: beat(), problem: undefined, ageMs: 100, leadMs: 0 }),
    heard: () => undefined,
    queued: () => 0,
    wedged: () => false,
    recognises: () => true,
    ...changes,
  })
  expect(FleetSnapshotSchema.safeParse(snapshot).error).toBeUndefined()
  return { snapshot, record: snapshot.agents[0] as (typeof snapshot.agents)[number] }
}

describe('the snapshot of a fleet', () => {
  it('says of a healthy agent what everybody knows of it', () => {
    const heard = { ...QUIET, activity: 'waiting' as const, detail: 'a question', spendTodayUsd: 1.5, tokensToday: 10 }
    const { record, snapshot } = join({ heard: () => heard, queued: () => 3, observerNote: 'lagged', rosterProblem: 'line 3' })
    expect(record).toMatchObject({
      name: 'coder0',
      alias: 'the coder0',
      tenant_id: 't',
      host: 'h',
      model: 'm1',
      supervisor: { kind: 'embedded', wanted: true, state: 'up', restarts: 1, last_exit: 'exit 1' },
      pane: 'alive',
      pid: process.pid,
      session_id: '$1',
      idle_s: 7,
      heartbeat_age_s: 0.1,
      health: 'healthy',
      activity: 'waiting',
      activity_detail: 'a question',
      context_used: 5,
      spend_today_usd: 1.5,
      tokens_today: 10,
      queued: 3,
      flags: [],
      title: 'a title',
    })
    expect(snapshot).toMatchObject({
      tenant_id: 't',
      host: 'h',
      observer: 'up',
      observer_note: 'lagged',
      roster_problem: 'line 3',
      paused: false,
    })
  })

  it('says what its account and its context have left, in the words of the runtime', () => {
    const heard: Heard = {
      ...QUIET,
      contextUsed: 10,
      contextLimit: 200,
      error: { reason: 'offline', detail: 'no route', untilMs: null },
      limits: [{ name: 'five_hour', used_percent: 97, minutes: 300, resets_at: Date.UTC(2026, 0, 2) }],
    }
    expect(join({ heard: () => heard }).record).toMatchObject({
      context_used: 10,
      context_limit: 200,
      error: { reason: 'offline', detail: 'no route', until: null },
      limits: [{ name: 'five_hour', used_percent: 97, minutes: 300, resets_at: '2026-01-02T00:00:00.000Z' }],
      activity: 'busy',
      activity_detail: null,
    })
  })

  const limited = { reason: 'rate-limited', detail: '429', untilMs: 60_000 }
  it.each([
    ['compacting is busy with that', { compacting: true, activity: 'idle' }, 'busy', 'compacting'],
    [
      'rate-limited is busy, with the time when it may go on',
      { error: limited, activity: 'idle' },
      'busy',
      'rate-limited until 1970-01-01T00:01:00.000Z',
    ],
    ['rate-limited for an unknown time is busy', { error: { ...limited, untilMs: null } }, 'busy', 'rate-limited'],
    ['rate-limited until a time that has passed is what it says', { error: { ...limited, untilMs: -1 }, activity: 'idle' }, 'idle', null],
    [
      'rate-limited with a question open waits for that',
      { error: limited, activity: 'waiting', detail: 'a question' },
      'waiting',
      'a question',
    ],
    ['in another error is what it says', { error: { ...limited, reason: 'model' }, activity: 'idle' }, 'idle', null],
  ] as const)('of a runtime that is %s', (_, changes, activity, activity_detail) => {
    expect(join({ heard: () => ({ ...QUIET, ...changes }) }).record).toMatchObject({ activity, activity_detail })
  })

  it.each([
    ['dead', { panes: [pane('coder0', { alive: false })] }],
    ['dead', { panes: [] }],
    ['dead', { supervised: () => ({ ...UP, failed: true }) }],
    ['stopped', { panes: [], supervised: () => ({ ...UP, wanted: false }) }],
    ['stopped', { panes: [], supervised: () => undefined }],
    ['unknown', { observerUp: false }],
    ['unknown', { observation: () => ({ beat: beat(), problem: 'not a regular file', ageMs: 1, leadMs: 0 }) }],
    ['unknown', { observation: () => ({ beat: beat(), problem: undefined, ageMs: 1, leadMs: 3_600_000 }) }],
    ['unknown', { observation: () => ({ beat: beat(1), problem: undefined, ageMs: 1, leadMs: 0 }) }],
    [
      'starting',
      {
        observation: () => ({ beat: undefined, problem: undefined, ageMs: undefined, leadMs: 0 }),
        supervised: () => ({ ...UP, upForMs: 5 }),
      },
    ],
    ['stale', { observation: () => ({ beat: beat(), problem: undefined, ageMs: 3_001, leadMs: 0 }) }],
    ['wedged', { wedged: () => true }],
  ] satisfies [string, Partial<SnapshotParts>][])('calls it %s when that is what is known: case %#', (health, changes) => {
    const { record } = join(changes)
    expect(record.health).toBe(health)
    // What an agent does is known only from one that answers.
    if (health !== 'wedged') expect(record.activity).toBeNull()
    if (record.pane !== 'alive') expect([record.pid, record.idle_s, record.heartbeat_age_s]).toEqual([null, null, null])
  })

  it('takes the answer of a child of the pane’s process for its own, also of one that another thread started', async () => {
    const worker = `require('node:child_process').spawn('sleep', ['300'])`
    await using parent = nodeProgram(
      `import { Worker } from 'node:worker_threads'
       const worker = new Worker(${JSON.stringify(worker)}, { eval: true, execArgv: [] })
       setInterval(() => worker, 1000)`,
    )
    const child = await until(() => childrenOf(parent.pid)[0], { what: 'the child' })
    const { record } = join({
      panes: [pane('coder0', { pid: parent.pid })],
      observation: () => ({ beat: beat(child), problem: undefined, ageMs: 1, leadMs: 0 }),
    })
    process.kill(child, 'SIGKILL')
    expect(record.health).toBe('healthy')
  })

  it('flags drift, a pause and a turn without end, each with its reason', async () => {
    await using home = await tempHome()
    const paths: MosaicPaths = resolvePaths({ env: home.env })
    mkdirSync(paths.run, { recursive: true })
    writeFileSync(paths.pausedFile, '')
    const { record, snapshot } = join({
      paths,
      panes: [pane('coder0', { mark: `${paths.home}#l1` })],
      supervised: () => ({ ...UP, launchedAs: { runtime: 'pi', model: null, workingDirectory: '/tmp', argv: [] } }),
      heard: () => ({ ...QUIET, activity: 'busy', activityForMs: 31 * 60_000 }),
    })
    expect(record.flags.sort()).toEqual(['DRIFT', 'PAUSED', 'STUCK'])
    expect(Object.keys(record.flag_reasons).sort()).toEqual(['DRIFT', 'PAUSED', 'STUCK'])
    expect(record.flag_reasons['DRIFT']).toContain('runs pi')
    expect(snapshot.paused).toBe(true)
  })

  it('calls drift what this fleet did not launch, and what runs something else', () => {
    expect(join({ panes: [pane('coder0', { mark: '' })] }).record.flag_reasons['DRIFT']).toContain('not launched by this fleet')
    expect(join({ panes: [pane('coder0', { mark: '/other/home#l1' })] }).record.flags).toEqual(['DRIFT'])
    expect(join({ panes: [pane('coder0', { mark: `${PATHS.home}#l0` })] }).record.flags).toEqual(['DRIFT'])
    expect(join({ recognises: () => false }).record.flag_reasons['DRIFT']).toContain('not what runs in the pane')
    // It has not become the runtime yet.
    expect(join({ recognises: () => false, supervised: () => ({ ...UP, upForMs: 100 }) }).record.flags).toEqual([])
    expect(join({ panes: [pane('coder0', { alive: false, mark: '' })] }).record.flags).toEqual([])
  })

  it('shows orphans: every stranger on a socket of its own, only its own on the operator’s', () => {
    const panes = [pane('coder0'), pane('holder'), pane('stranger', { mark: '' }), pane('gone', { alive: false })]
    const names = (socketName: string | undefined) => {
      const fleet = { tenantId: 't', host: 'h', socketName, holderSession: 'holder', agents: [agent('coder0')] }
      return join({ panes, fleet }).snapshot.orphans
    }
    expect(names('mosaic-fleet')).toEqual([
      { session: 'stranger', pid: process.pid, command: 'node' },
      { session: 'gone', pid: null, command: 'node' },
    ])
    expect(names(undefined).map(({ session }) => session)).toEqual(['gone'])
    panes.push(pane('of-another-home', { mark: `${PATHS.home}#beside#l1` }))
    expect(names(undefined).map(({ session }) => session)).toEqual(['gone'])
  })

  it('keeps the order of the roster, whatever the order of sessions', () => {
    const agents = ['z', 'a', 'm'].map(agent)
    const fleet = { tenantId: 't', host: 'h', socketName: 's', holderSession: 'holder', agents }
    expect(join({ fleet, panes: [pane('m'), pane('a'), pane('z')] }).snapshot.agents.map(({ name }) => name)).toEqual(['z', 'a', 'm'])
  })
})
