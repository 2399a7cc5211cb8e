/** Of agents and of supervisors: what a supervisor does about the death of an agent, and its successor about its own. */

import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { eventuallyDead, killNine } from '../faults.ts'
import { isAlive } from '../processes.ts'
import { until } from '../until.ts'
import { agentIs, allHealthy, CORE, healthIs, isBack, pidOf } from './fleet-home.ts'
import { faulty, launches, lives, NEVER_MS, only, type SupervisorScenes } from './supervisor-scene.ts'

export function deathsUnder(name: string, scene: SupervisorScenes): void {
  describe(`a death under ${name}`, () => {
    test(
      'by SIGKILL is told with the last screen, and the agent comes back as another process',
      scene(async ({ home, fleet, heard }) => {
        const [pid, sibling] = [await pidOf(fleet, 'enhancer'), await pidOf(fleet, 'orchestrator')]
        await home.type('enhancer', '/say these are last words')
        await until(async () => /last words\s*\n[\s\S]*idle/.test(await home.screen('enhancer')))
        killNine(pid)
        const { detail } = await heard.heard('died', 'enhancer')
        expect(detail).toMatchObject({ exit: 'signal 9', lastScreen: expect.stringContaining('last words') })
        const back = await isBack(fleet, 'enhancer', pid)
        expect(back.supervisor).toMatchObject({ state: 'up', restarts: 1, last_exit: 'signal 9' })
        expect(readFileSync(join(home.fleet, 'state', 'enhancer', 'last-screen.txt'), 'utf8')).toContain('last words')
        expect(lives(heard, 'enhancer')).toEqual(['starting', 'up', 'backoff', 'starting', 'up'])
        expect(await pidOf(fleet, 'orchestrator')).toBe(sibling)
      }),
    )

    test(
      'by its own exit is told with the status',
      scene(async ({ home, fleet, heard }) => {
        const pid = await pidOf(fleet, 'enhancer')
        await home.type('enhancer', '/crash 7')
        expect((await heard.heard('died', 'enhancer')).detail).toMatchObject({ exit: 'exit 7' })
        expect((await isBack(fleet, 'enhancer', pid)).supervisor.last_exit).toBe('exit 7')
      }),
    )

    test(
      'shows as dead until the agent is back',
      scene(
        async ({ fleet }) => {
          killNine(await pidOf(fleet, 'enhancer'))
          const dead = await healthIs(fleet, 'enhancer', 'dead')
          expect(dead).toMatchObject({ pid: null, heartbeat_age_s: null, activity: null })
          const told = await agentIs(fleet, 'enhancer', ({ supervisor }) => supervisor.state === 'backoff', 'waiting for its restart')
          expect(told).toMatchObject({ health: 'dead', supervisor: { wanted: true, last_exit: 'signal 9' } })
          expect((await fleet.start(['enhancer'])).map(({ did }) => did)).toEqual(['started'])
          await healthIs(fleet, 'enhancer', 'healthy')
        },
        { policy: { firstDelayMs: NEVER_MS, maxDelayMs: NEVER_MS } },
      ),
    )

    test(
      'of the whole session, ended from outside, is one too',
      scene(async ({ home, fleet, heard }) => {
        const { pid, session_id } = await fleet.agent('enhancer')
        await home.tmux('kill-session', '-t', '=enhancer:')
        await heard.heard('died', 'enhancer')
        expect((await isBack(fleet, 'enhancer', pid)).session_id).not.toBe(session_id)
      }),
    )

    test(
      'of the tmux server brings everybody back, and is nobody’s fault',
      scene(
        async ({ home, fleet }) => {
          const before = (await fleet.snapshot()).agents
          for (const _ of [1, 2]) {
            const server = await home.serverPid()
            killNine(server)
            await eventuallyDead(server)
            for (const { name, pid } of before) await isBack(fleet, name, pid)
          }
          for (const { supervisor } of (await fleet.snapshot()).agents) expect(supervisor).toMatchObject({ state: 'up', restarts: 0 })
        },
        { policy: { maxRestarts: 1 } },
      ),
    )

    test(
      'is one although a child of it holds its terminal open; the child is ended',
      scene(
        async ({ home, fleet, heard }) => {
          const pid = await pidOf(fleet, 'coder0')
          const child = Number(readFileSync(join(home.root, 'child'), 'utf8'))
          killNine(pid)
          await heard.heard('died', 'coder0')
          await isBack(fleet, 'coder0', pid)
          await eventuallyDead(child)
        },
        {
          agents: (home) => {
            const { command, ...entry } = home.fakeAgent('coder0', ['cooperative'])
            const line = 'sleep 3600 & echo $! > "$0"; exec "$@"'
            return only({ ...entry, command: ['sh', '-c', line, join(home.root, 'child'), ...(command as string[])] })
          },
        },
      ),
    )

    test(
      'leaves no runaway child behind when the agent is started again',
      scene(
        async ({ home, fleet }) => {
          const pid = await pidOf(fleet, 'coder0')
          const child = Number((await until(() => home.log('child')[0])).detail)
          killNine(pid)
          await isBack(fleet, 'coder0', pid)
          await eventuallyDead(child)
          const [, next] = await until(() => home.log('child').length === 2 && home.log('child'))
          expect(isAlive(Number(next?.detail))).toBe(true)
        },
        { agents: (home) => only(home.fakeAgent('coder0', ['cooperative', 'orphan'])) },
      ),
    )
  })

  describe(`a crash loop under ${name}`, () => {
    test(
      'ends as failed after the bound; siblings go on, and the orchestrator is told',
      scene(
        async ({ home, fleet, heard }) => {
          const sibling = await pidOf(fleet, 'orchestrator')
          await fleet.start(['coder0'])
          await heard.heard('failed', 'coder0', (detail) => detail['exit'] === 'exit 3')
          expect(launches(heard, 'coder0')).toBe(4)
          const failed = await fleet.agent('coder0')
          expect(failed).toMatchObject({ health: 'dead', health_reason: expect.stringContaining('exit 3') })
          expect(failed.supervisor).toMatchObject({ wanted: true, state: 'failed', last_exit: 'exit 3' })
          const [told] = await fleet.receipts('orchestrator', 1)
          expect(told?.from).toBe(home.address('mosaicd'))
          expect(await fleet.waitForReceipt(told?.id ?? '', 20_000)).toMatchObject({ state: 'accepted' })
          await until(async () => (await home.screen('orchestrator')).includes('coder0 failed'))
          expect(await fleet.agent('orchestrator')).toMatchObject({ pid: sibling, health: 'healthy' })
          expect(launches(heard, 'coder0')).toBe(4)
        },
        { agents: (home) => only(faulty(home)), policy: { maxRestarts: 3, firstDelayMs: 10 }, start: ['orchestrator'] },
      ),
    )

    test(
      'is over when the operator has mended it and starts it; stopped, a failed agent is just stopped',
      scene(
        async ({ home, fleet, supervised }) => {
          await fleet.start(['coder0'])
          await agentIs(fleet, 'coder0', ({ supervisor }) => supervisor.state === 'failed', 'having failed')
          await supervised.replace()
          expect(await supervised.fleet.agent('coder0')).toMatchObject({ health: 'dead', supervisor: { state: 'failed' } })
          expect(await supervised.fleet.stop(['coder0'])).toMatchObject([{ did: 'stopped' }])
          expect(await supervised.fleet.agent('coder0')).toMatchObject({ health: 'stopped', pane: 'none', supervisor: { state: 'down' } })
          faulty(home).mend()
          expect(await supervised.fleet.start(['coder0'])).toMatchObject([{ did: 'started' }])
          expect(await supervised.fleet.agent('coder0')).toMatchObject({ pane: 'alive', supervisor: { state: 'up', restarts: 0 } })
        },
        { agents: (home) => only(faulty(home)), policy: { maxRestarts: 1, firstDelayMs: 10 }, start: ['orchestrator'] },
      ),
    )
  })

  describe(`a successor of ${name}`, () => {
    test(
      'takes over what runs, as it runs, and keeps stopped what is stopped',
      scene(
        async ({ supervised, fleet }) => {
          await fleet.stop(['coder0'])
          const before = (await fleet.snapshot()).agents
          await supervised.replace()
          const after = await allHealthy(supervised.fleet, ['orchestrator', 'enhancer'])
          const shape = (agents: typeof before) =>
            agents.map(({ name, pid, session_id, supervisor }) => [name, pid, session_id, supervisor.state])
          expect(shape(after.agents)).toEqual(shape(before))
          expect(after.agents[2]).toMatchObject({ name: 'coder0', health: 'stopped', pane: 'none' })
          expect((await supervised.fleet.start(['enhancer'])).map(({ did }) => did)).toEqual(['unchanged'])
        },
        { agents: () => [...CORE, { name: 'coder0' }] },
      ),
    )

    test(
      'learns of the deaths while nobody watched, how they were, and brings the dead back',
      scene(async ({ home, supervised, fleet }) => {
        const [pid, other] = [await pidOf(fleet, 'enhancer'), await pidOf(fleet, 'orchestrator')]
        await supervised.replace(async () => {
          await home.type('enhancer', '/crash 5')
          await eventuallyDead(pid)
          await home.tmux('kill-session', '-t', '=orchestrator:')
          await eventuallyDead(other)
        })
        expect((await isBack(supervised.fleet, 'enhancer', pid)).supervisor.last_exit).toBe('exit 5')
        expect((await isBack(supervised.fleet, 'orchestrator', other)).supervisor.last_exit).toContain('session is gone')
        expect(existsSync(join(home.fleet, 'state', 'enhancer', 'last-screen.txt'))).toBe(true)
      }),
    )

    test(
      'still knows how often an agent died, so that a crash loop does not outlive its bound',
      scene(
        async ({ supervised, fleet }) => {
          let pid = await pidOf(fleet, 'enhancer')
          killNine(pid)
          await isBack(fleet, 'enhancer', pid)
          await supervised.replace()
          pid = await pidOf(supervised.fleet, 'enhancer')
          killNine(pid)
          await agentIs(supervised.fleet, 'enhancer', ({ supervisor }) => supervisor.state === 'failed', 'having failed')
        },
        { policy: { maxRestarts: 1 } },
      ),
    )

    test(
      'knows its own by their marks when the record is lost',
      scene(async ({ home, supervised, fleet }) => {
        const pid = await pidOf(fleet, 'enhancer')
        await supervised.replace(async () => writeFileSync(join(home.run, 'supervisor.json'), 'no record'))
        expect(await healthIs(supervised.fleet, 'enhancer', 'healthy')).toMatchObject({ pid, supervisor: { wanted: true, state: 'up' } })
        expect((await supervised.fleet.start(['enhancer'])).map(({ did }) => did)).toEqual(['unchanged'])
        await supervised.fleet.stop(['enhancer'])
        expect(isAlive(pid)).toBe(false)
      }),
    )

    test(
      'does not bring back what the roster does not name any more, and ends what is left of it',
      scene(
        async ({ home, supervised, fleet }) => {
          const [pid, other] = [await pidOf(fleet, 'coder0'), await pidOf(fleet, 'coder1')]
          const children = await until(() => home.log('child').length === 2 && home.log('child').map(({ detail }) => Number(detail)))
          await supervised.replace(async () => {
            home.writeRoster(CORE)
            killNine(pid)
            await eventuallyDead(pid)
          })
          const orphans = async () => (await supervised.fleet.snapshot()).orphans.map((orphan) => orphan.session)
          await until(async () => (await orphans()).join() === 'coder1', { what: 'one orphan that lives' })
          killNine(other)
          await until(() => !children.some(isAlive), { what: 'the end of the children' })
          await until(() => !home.runFiles().some((file) => file.startsWith('coder')), { what: 'the end of their files' })
          expect(await orphans()).toEqual([])
        },
        {
          agents: (home) => [
            ...CORE,
            home.fakeAgent('coder0', ['cooperative', 'orphan']),
            home.fakeAgent('coder1', ['cooperative', 'orphan']),
          ],
        },
      ),
    )

    test(
      'delivers what was sent before, and watches as the first one did',
      scene(async ({ home, supervised, fleet }) => {
        await fleet.stop(['enhancer'])
        const message = home.message('enhancer', 'for later')
        await fleet.send(message)
        await supervised.replace()
        await supervised.fleet.start(['enhancer'])
        expect(await supervised.fleet.waitForReceipt(message.id, 20_000)).toMatchObject({ state: 'accepted', attempts: 1 })
        const pid = await pidOf(supervised.fleet, 'orchestrator')
        killNine(pid)
        await isBack(supervised.fleet, 'orchestrator', pid)
      }),
    )
  })
}
