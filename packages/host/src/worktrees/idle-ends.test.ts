import { type AgentDefinition, defineFleet } from '@mosaic/domain/agent'
import { FakeClock } from '@mosaic/testkit/fake-clock'
import { expect, it } from 'vitest'
import { IdleEnds } from './idle-ends.ts'

const MACHINE = { tenantId: 't', host: 'h', homeDirectory: '/home/t', heartbeatIntervalMs: undefined }

function world() {
  const clock = new FakeClock()
  const ended: string[] = []
  const said: string[] = []
  const idleSince = new Map<string, number>()
  const { agents } = defineFleet(
    {
      version: 1,
      agents: [
        { name: 'coder0', runtime: 'stub', lifecycle: 'ephemeral', idle_timeout: 60 },
        { name: 'coder1', runtime: 'stub', lifecycle: 'ephemeral' },
        { name: 'core0', runtime: 'stub' },
      ],
    },
    MACHINE,
  )
  const of = (name: string): AgentDefinition | undefined => agents.find((agent) => agent.name === name)
  let fails = false
  const ends = new IdleEnds({
    clock,
    agent: of,
    idleForMs: (name) => {
      const since = idleSince.get(name)
      return since === undefined ? undefined : clock.monotonicMs() - since
    },
    end: async (name) => {
      if (fails) throw new Error('not now')
      ended.push(name)
      idleSince.delete(name)
    },
    log: (text) => said.push(text),
  })
  return {
    clock,
    ended,
    said,
    ends,
    failing: (on: boolean) => {
      fails = on
    },
    becomes: (name: string, activity: 'idle' | 'busy') => {
      if (activity === 'idle') idleSince.set(name, clock.monotonicMs())
      else idleSince.delete(name)
      ends.heed(name)
    },
  }
}

it('an ephemeral agent ends when it has been idle for its time, and no other does', async () => {
  const it = world()
  for (const name of ['coder0', 'coder1', 'core0', 'nobody']) it.becomes(name, 'idle')
  await it.clock.elapse(59_000)
  expect(it.ended).toEqual([])
  await it.clock.elapse(1_000)
  expect(it.ended).toEqual(['coder0'])
  await it.clock.elapse(3_600_000)
  expect(it.ended).toEqual(['coder0'])
})

it('work in between gives it its whole time again', async () => {
  const it = world()
  it.becomes('coder0', 'idle')
  await it.clock.elapse(59_000)
  it.becomes('coder0', 'busy')
  await it.clock.elapse(3_600_000)
  it.becomes('coder0', 'idle')
  await it.clock.elapse(59_000)
  expect(it.ended).toEqual([])
  await it.clock.elapse(1_000)
  expect(it.ended).toEqual(['coder0'])
})

it('an end that fails is told, and tried again with the next thing that happens', async () => {
  const it = world()
  it.failing(true)
  it.becomes('coder0', 'idle')
  await it.clock.elapse(60_000)
  expect([it.ended, it.said]).toEqual([[], ['coder0 was idle for long and could not be removed: not now']])
  it.failing(false)
  it.ends.heed('coder0')
  await it.clock.elapse(0)
  expect(it.ended).toEqual(['coder0'])
})

it('nothing ends after the service has', async () => {
  const it = world()
  it.becomes('coder0', 'idle')
  it.ends[Symbol.dispose]()
  await it.clock.elapse(3_600_000)
  expect(it.ended).toEqual([])
})
