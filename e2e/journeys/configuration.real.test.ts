import { readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { until } from '@mosaic/testkit/until'
import { describe, expect, it } from 'vitest'
import { claude, codex, type OperatorsRuntime, OperatorWorld, opencode, pi } from './operator-world.ts'

/** Up, one message, its answer, stopped, uninstalled: what an operator does with a fleet from first to last. */
async function wholeLife({ fleet, llm }: OperatorWorld, { id }: OperatorsRuntime): Promise<void> {
  await fleet.ok(['fleet', 'up', '--runtime', id, '--timeout', '300'])
  const { receipt } = await fleet.send('orchestrator', 'what is the answer?', ['--verify-timeout', '60000'])
  expect(receipt.state).toBe('accepted')
  await llm.waitForRequest(
    ({ outcome, userTexts }) => outcome === 'answered' && userTexts.some((text) => text.includes('what is the answer?')),
  )
  await until(async () => (await fleet.agent('orchestrator')).activity === 'idle', { withinMs: 120_000, everyMs: 500 })
  await fleet.ok(['fleet', 'stop'])
  expect(await fleet.ok(['fleet', 'uninstall', '--yes'])).toContain('Uninstalled')
  expect(fleet.home.leftovers()).toEqual({ processes: [], sockets: [] })
}

describe('the operator’s own configuration', () => {
  it.each([claude, codex, opencode, pi])(
    'of $id is byte for byte the same after a fleet was up, worked, was stopped and uninstalled',
    async (runtime) => {
      await using world = await OperatorWorld.open(runtime)
      const before = world.configuration()
      expect(Object.keys(before).length).toBeGreaterThan(1)
      await wholeLife(world, runtime)
      expect(world.configuration()).toEqual(before)
    },
    600_000,
  )

  it('keeps of Claude Code’s own state what stood in it, and nothing of the fleet', async () => {
    await using world = await OperatorWorld.open(claude)
    const file = join(world.home, '.claude.json')
    // A home in which Claude Code never ran.
    rmSync(file)
    await world.fleet.ok(['fleet', 'up', '--runtime', 'claude', '--timeout', '300'])
    await world.fleet.ok(['fleet', 'uninstall', '--yes'])
    const state = JSON.parse(readFileSync(file, 'utf8')) as Record<string, unknown>
    expect(state).not.toHaveProperty('hasCompletedOnboarding')
    expect(JSON.stringify(state)).not.toMatch(/mosaic|mcpServers":\{"|hasTrustDialogAccepted":true/i)
    expect(Object.keys(world.configuration()).filter((path) => path.includes('mosaic'))).toEqual([])
  }, 300_000)
})
