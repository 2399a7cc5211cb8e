import type { PaneState, SessionHost } from '@mosaic/domain/ports/session-host'
import { FakeClock } from '@mosaic/testkit/fake-clock'
import { tempHome } from '@mosaic/testkit/temp-home'
import { describe, expect, it } from 'vitest'
import { resolvePaths } from '../../paths.ts'
import { AgentLife } from './agent-life.ts'
import { DeathSight } from './death-sight.ts'
import { markOf } from './mark.ts'

const NO_PROCESS = 2 ** 22 + 1

/** One agent that is up, on a session host that says of its pane what it is given. */
async function scene(first: Partial<PaneState>) {
  const home = await tempHome()
  const paths = resolvePaths({ env: home.env })
  const clock = new FakeClock()
  const life = new AgentLife('coder0')
  Object.assign(life, { state: 'up', launchId: 'launch-1' })
  const host = {
    pane: { session: 'coder0', mark: markOf(paths.home, 'launch-1'), pid: process.pid, exitStatus: null, exitSignal: null, ...first },
    list: async () => [host.pane as PaneState],
    capture: async () => 'its last words',
  }
  const deaths: string[] = []
  const sight = new DeathSight({
    paths,
    clock,
    host: host as unknown as SessionHost,
    lives: () => [life],
    log: (text) => deaths.push(text),
    died: (dead, exit, screen) => {
      dead.state = 'backoff'
      deaths.push(`${dead.name}: ${exit}: ${screen}`)
    },
  })
  return {
    ...{ clock, deaths, host, sight },
    async [Symbol.asyncDispose]() {
      sight[Symbol.dispose]()
      await home[Symbol.asyncDispose]()
    },
  }
}

describe('a pane whose terminal is closed', () => {
  it('is dead at once when it is told how', async () => {
    await using it = await scene({ alive: false, exitStatus: 3 })
    await it.sight.look()
    expect(it.deaths).toEqual(['coder0: exit 3: its last words'])
    expect(it.clock.pending).toBe(0)
  })

  it('is waited for a moment when it is not told how, and looked at again by itself', async () => {
    await using it = await scene({ alive: false })
    await it.sight.look()
    await it.clock.elapse(1_000)
    expect(it.deaths).toEqual([])
    it.host.pane = { ...it.host.pane, exitSignal: 9 }
    await it.clock.elapse(100)
    expect(it.deaths).toEqual(['coder0: signal 9: its last words'])
    expect(it.clock.pending).toBe(0)
  })

  it('has ended in the end, though nobody ever tells how', async () => {
    await using it = await scene({ alive: false })
    await it.sight.look()
    await it.clock.elapse(10_000)
    expect(it.deaths).toEqual(['coder0: ended: its last words'])
  })

  it('is not waited for when there is no process any more of which tmux could be told', async () => {
    await using it = await scene({ alive: false, pid: NO_PROCESS })
    await it.sight.look()
    expect(it.deaths).toEqual(['coder0: ended: its last words'])
  })

  it('is not looked at any more by one that was disposed of', async () => {
    await using it = await scene({ alive: false })
    await it.sight.look()
    it.sight[Symbol.dispose]()
    await it.clock.elapse(10_000)
    expect(it.deaths).toEqual([])
  })
})
