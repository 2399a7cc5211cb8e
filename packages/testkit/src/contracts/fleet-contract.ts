/** What a fleet promises to whoever looks at it and steers it, however it is reached. */

import { AgentRecordSchema, FleetSnapshotSchema } from '@mosaic/domain/agent-record'
import { describe, expect, test } from 'vitest'
import { eventuallyDead } from '../faults.ts'
import { isAlive } from '../processes.ts'
import { until } from '../until.ts'
import { allHealthy, CORE, healthIs, isBack, listenTo, pidOf, refusal } from './fleet-home.ts'
import { messagesThrough } from './fleet-messages.ts'
import { type Open, PLACED, scenesOf } from './fleet-scene.ts'

/** What a stopped fleet may leave in its run directory: the operator's switch, and the service's own memory. */
const MAY_STAY = ['PAUSED', 'roster.last-good.json', 'supervisor.json']

export function fleetContract(name: string, open: Open): void {
  const scenes = scenesOf(open)
  const { defined, running } = scenes

  describe(`a fleet seen through ${name}`, () => {
    test(
      'is all there before anything runs: stopped, in the order of the roster',
      defined(
        async (fleet, home) => {
          const snapshot = await fleet.snapshot()
          expect(FleetSnapshotSchema.parse(snapshot)).toEqual(snapshot)
          expect(snapshot).toMatchObject({ ...PLACED, observer: 'up', supervisor: 'embedded', paused: false, roster_problem: null })
          expect(snapshot).toMatchObject({ socket_name: home.tmuxSocket, orphans: [] })
          expect(snapshot.agents.map((agent) => agent.name)).toEqual(['orchestrator', 'coder0'])
          for (const agent of snapshot.agents) {
            expect(agent).toMatchObject({ ...PLACED, runtime: 'stub', health: 'stopped', pane: 'none', pid: null, session_id: null })
            expect(agent).toMatchObject({ supervisor: { wanted: false, state: 'down', restarts: 0, last_exit: null } })
            expect(agent).toMatchObject({ activity: null, heartbeat_age_s: null, queued: 0, flags: [] })
          }
          expect(snapshot.agents[1]).toMatchObject({ class: 'coder', alias: 'Ada', model: 'm-1', working_directory: home.workingDirectory })
        },
        [{ name: 'orchestrator' }, { name: 'coder0', alias: 'Ada', model_hint: 'm-1' }],
      ),
    )

    test(
      'shows each running agent whole: process, session, answer, activity',
      running(async (fleet, home) => {
        const snapshot = await fleet.snapshot()
        expect(FleetSnapshotSchema.parse(snapshot)).toEqual(snapshot)
        expect(Math.abs(Date.parse(snapshot.as_of) - Date.now())).toBeLessThan(60_000)
        for (const agent of snapshot.agents) {
          expect(agent).toMatchObject({ ...PLACED, pane: 'alive', health: 'healthy', health_reason: null, activity: 'idle', flags: [] })
          expect(agent).toMatchObject({ supervisor: { kind: 'embedded', wanted: true, state: 'up', restarts: 0 } })
          expect(agent.heartbeat_age_s).toBeGreaterThanOrEqual(0)
          const listed = await home.tmux('display-message', '-p', '-t', `=${agent.name}:0.0`, '#{session_id} #{pane_pid}')
          expect(listed.trim()).toBe(`${agent.session_id} ${agent.pid}`)
        }
      }),
    )

    test(
      'gives one agent as it stands in the whole, and refuses a name that the roster does not have',
      running(async (fleet) => {
        const one = await fleet.agent('enhancer')
        expect(AgentRecordSchema.parse(one)).toEqual(one)
        const [, same] = (await fleet.snapshot()).agents
        expect(one).toMatchObject({ name: 'enhancer', pid: same?.pid ?? 0, session_id: same?.session_id ?? '' })
        const acts = [
          () => fleet.agent('nobody'),
          () => fleet.commsBlock('nobody'),
          () => fleet.start(['nobody']),
          () => fleet.stop(['nobody']),
          () => fleet.restart(['nobody']),
          () => fleet.reset('nobody', { newSession: false }),
        ]
        for (const act of acts) {
          expect(await refusal(act())).toMatchObject({ code: 'not_found', message: expect.stringContaining('nobody') })
        }
        expect((await refusal(fleet.agent('../x; echo'))).code).toBe('not_found')
      }),
    )

    test(
      'starts what does not run, and leaves alone what does',
      defined(async (fleet) => {
        expect(await fleet.start(['enhancer'])).toEqual([{ name: 'enhancer', did: 'started', detail: null }])
        const { pid } = await healthIs(fleet, 'enhancer', 'healthy')
        expect((await fleet.agent('orchestrator')).health).toBe('stopped')
        const outcomes = await fleet.start()
        expect(outcomes.map(({ name, did }) => [name, did])).toEqual([
          ['orchestrator', 'started'],
          ['enhancer', 'unchanged'],
        ])
        await allHealthy(fleet)
        expect((await fleet.start()).map(({ did }) => did)).toEqual(['unchanged', 'unchanged'])
        expect(await pidOf(fleet, 'enhancer')).toBe(pid)
      }),
    )

    test(
      'starts once, however many ask at the same time',
      defined(async (fleet, home) => {
        const asked = await Promise.all([fleet.start(), fleet.start(['enhancer']), fleet.start()])
        const enhancers = asked.flat().filter((outcome) => outcome.name === 'enhancer')
        expect(enhancers.map(({ did }) => did).sort()).toEqual(['started', 'unchanged', 'unchanged'])
        await allHealthy(fleet)
        const sessions = (await home.tmux('list-sessions', '-F', '#{session_name}')).trim().split('\n')
        expect(sessions.filter((session) => session === 'enhancer')).toHaveLength(1)
      }),
    )

    test(
      'stops exactly the one that is named, and stopping again changes nothing',
      running(async (fleet, home) => {
        const [gone, kept] = [await pidOf(fleet, 'enhancer'), await pidOf(fleet, 'orchestrator')]
        expect(await fleet.stop(['enhancer'])).toEqual([{ name: 'enhancer', did: 'stopped', detail: null }])
        await eventuallyDead(gone)
        expect(await fleet.agent('enhancer')).toMatchObject({ health: 'stopped', pane: 'none', pid: null, heartbeat_age_s: null })
        expect(home.runFiles().filter((file) => file.startsWith('enhancer.'))).toEqual([])
        expect((await fleet.stop(['enhancer'])).map(({ did }) => did)).toEqual(['unchanged'])
        expect(await fleet.agent('orchestrator')).toMatchObject({ pid: kept, health: 'healthy' })
      }),
    )

    test(
      'restarts the named one as another process',
      running(async (fleet) => {
        const [before, kept] = [await pidOf(fleet, 'enhancer'), await pidOf(fleet, 'orchestrator')]
        expect(await fleet.restart(['enhancer'])).toEqual([{ name: 'enhancer', did: 'restarted', detail: null }])
        await isBack(fleet, 'enhancer', before)
        expect(isAlive(before)).toBe(false)
        expect(await pidOf(fleet, 'orchestrator')).toBe(kept)
      }),
    )

    test(
      'resets a conversation within its session, or begins a session anew',
      running(async (fleet, home) => {
        const first = await fleet.agent('enhancer')
        await fleet.send(home.message('enhancer', 'remember the parrot'))
        await until(async () => (await home.screen('enhancer')).includes('You said: remember the parrot'))
        expect(await fleet.reset('enhancer', { newSession: false })).toMatchObject({ name: 'enhancer', did: 'reset' })
        await until(async () => !(await home.screen('enhancer')).includes('parrot'))
        expect(await healthIs(fleet, 'enhancer', 'healthy')).toMatchObject({ pid: first.pid, session_id: first.session_id })
        await fleet.send(home.message('enhancer', 'remember the toucan'))
        await until(async () => (await home.screen('enhancer')).includes('You said: remember the toucan'))
        // Answered, or the new session would take up what it owes an answer.
        await healthIs(fleet, 'enhancer', 'healthy')
        await until(async () => (await fleet.agent('enhancer')).activity === 'idle')
        expect(await fleet.reset('enhancer', { newSession: true })).toMatchObject({ name: 'enhancer', did: 'new-session' })
        expect((await isBack(fleet, 'enhancer', first.pid)).session_id).not.toBe(first.session_id)
        await until(async () => (await home.screen('enhancer')).includes('idle'))
        expect(await home.screen('enhancer')).not.toContain('toucan')
      }),
    )

    test(
      'does not reset what does not run',
      defined(async (fleet) => {
        const error = await refusal(fleet.reset('enhancer', { newSession: false }))
        expect(error).toMatchObject({ code: 'not_done', reason: 'not-running', mend: 'mosaic fleet start enhancer' })
      }),
    )
  })

  messagesThrough(name, scenes)

  describe(`the roster read again through ${name}`, () => {
    test(
      'adds and changes agents without touching those that run',
      running(async (fleet, home) => {
        const pid = await pidOf(fleet, 'enhancer')
        home.writeRoster([...CORE, { name: 'coder0' }])
        expect(await fleet.reload()).toEqual({ applied: true, problem: null })
        expect(await fleet.agent('coder0')).toMatchObject({ health: 'stopped' })
        await fleet.start(['coder0'])
        await healthIs(fleet, 'coder0', 'healthy')
        expect(await pidOf(fleet, 'enhancer')).toBe(pid)
      }),
    )

    test(
      'stays the last good one while it is faulty, says so, and is in force again once mended',
      running(async (fleet, home) => {
        await using heard = listenTo(fleet)
        home.writeRosterText('version: 1\nagents:\n  - name: orchestrator\n    runtime: stubb\n')
        const { applied, problem } = await fleet.reload()
        expect(applied).toBe(false)
        expect(problem).toMatch(/roster\.yaml:4:14.*stub/s)
        expect((await fleet.snapshot()).roster_problem).toBe(problem)
        expect((await fleet.start()).map(({ did }) => did)).toEqual(['unchanged', 'unchanged'])
        expect(await fleet.restart(['enhancer'])).toMatchObject([{ did: 'restarted' }])
        home.writeRoster(CORE)
        expect(await fleet.reload()).toEqual({ applied: true, problem: null })
        expect((await fleet.snapshot()).roster_problem).toBe(null)
        await heard.heard('roster', null, (detail) => detail['applied'] === false && detail['problem'] === problem)
        await heard.heard('roster', null, (detail) => detail['applied'] === true)
        await allHealthy(fleet)
      }),
    )

    test(
      'cannot move a running fleet to another tmux socket',
      running(async (fleet, home) => {
        home.writeRoster(CORE, { tmux: { socket_name: `${home.tmuxSocket}-other` } })
        expect(await refusal(fleet.reload())).toMatchObject({ code: 'refused', mend: expect.stringContaining('mosaic fleet stop') })
        expect((await fleet.snapshot()).socket_name).toBe(home.tmuxSocket)
        await allHealthy(fleet)
      }),
    )
  })

  describe(`events heard through ${name}`, () => {
    test(
      'tell of launches, lives, activities and receipts, in order, each placed',
      defined(async (fleet, home) => {
        await using heard = listenTo(fleet)
        await fleet.start(['orchestrator'])
        await heard.heard('launched', 'orchestrator', (detail) => detail['adopted'] === false && typeof detail['launchId'] === 'string')
        await heard.heard('life', 'orchestrator', (detail) => detail['from'] === 'down' && detail['to'] === 'starting')
        await heard.heard('life', 'orchestrator', (detail) => detail['from'] === 'starting' && detail['to'] === 'up')
        await heard.heard('activity', 'orchestrator', (detail) => detail['activity'] === 'idle')
        const message = home.message('orchestrator', 'hello')
        await fleet.send(message)
        await heard.heard('receipt', 'orchestrator', (detail) => detail['id'] === message.id && detail['state'] === 'accepted')
        await fleet.stop()
        await heard.heard('life', 'orchestrator', (detail) => detail['to'] === 'down')
        const { events } = heard
        for (const event of events) expect(event).toMatchObject(PLACED)
        expect(events.map(({ seq }) => seq)).toEqual(events.map(({ seq }) => seq).sort((a, b) => a - b))
      }),
    )

    test(
      'can be taken up where a listener left, without a gap and without a repetition',
      defined(async (fleet) => {
        await using all = listenTo(fleet)
        await fleet.pause()
        const { seq } = await all.heard('paused', null, (detail) => detail['paused'] === true)
        await fleet.resume()
        await fleet.pause()
        await until(() => all.events.length === 3)
        await using later = listenTo(fleet, { sinceSeq: seq })
        await until(() => later.events.length === 2)
        await fleet.resume()
        await until(() => all.events.length === 4 && later.events.length === 3)
        expect(later.events).toEqual(all.events.slice(1))
      }),
    )
  })

  test(
    `shut down through ${name}, a fleet leaves no process, no socket and no run file`,
    running(async (fleet, home) => {
      const pids = (await fleet.snapshot()).agents.map(({ pid }) => pid)
      expect((await fleet.shutdown()).map(({ did }) => did)).toEqual(['stopped', 'stopped'])
      for (const pid of pids) expect(isAlive(pid ?? 0)).toBe(false)
      await until(() => home.leftovers().processes.length === 0 && home.leftovers().sockets.length === 0, {
        what: 'the end of all processes and sockets',
      })
      expect(home.runFiles().filter((file) => !MAY_STAY.includes(file))).toEqual([])
    }),
  )
}
