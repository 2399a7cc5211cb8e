/** A runtime that only the roster knows, in a fleet: a terminal program that says nothing of itself. */

import { join } from 'node:path'
import { agentIs, CORE, FleetHome, healthIs } from '@mosaic/testkit/contracts/fleet-home'
import { until } from '@mosaic/testkit/until'
import { describe, expect, test } from 'vitest'
import { openLocalFleet } from '../../fixtures/local-fleet-of.ts'
import type { LocalFleet } from '../../local-fleet.ts'

const SCREEN = { idle: ['^fake>$'], draft: ['^fake> \\S'], waiting: ['Enter to confirm'] }

interface Scene {
  home: FleetHome
  fleet: LocalFleet
}

/** @param modes of the fake agent that stands in for the program */
const scene =
  (modes: readonly string[], act: (scene: Scene) => Promise<void>, screen: object = SCREEN) =>
  async () => {
    await using home = new FleetHome()
    const { command } = home.fakeAgent('coder0', modes)
    const env = { FAKE_AGENT_LOG: join(home.root, 'fake.log'), FAKE_AGENT_SUBMITS: join(home.root, 'fake.submits') }
    home.writeRoster([...CORE, { name: 'coder0', runtime: 'mine' }], { runtimes: { mine: { command, env, screen } } })
    await using opened = await openLocalFleet({ env: home.env })
    await opened.fleet.start()
    await until(() => home.log('ready').length > 0, { what: 'the program being ready' })
    await act({ home, fleet: opened.fleet })
  }

/** What becomes of a message that waits so long at most, milliseconds. */
async function sent({ home, fleet }: Scene, text: string, waitMs = 30_000) {
  const message = home.message('coder0', text, { deadlineAtMs: Date.now() + waitMs })
  await fleet.send(message)
  return { message, receipt: await fleet.waitForReceipt(message.id, 60_000) }
}

const bytes = (home: FleetHome) => home.log('bytes')

describe('a runtime that the roster describes', () => {
  test(
    'takes a message, once, and the receipt says that only its screen told',
    scene(['plain'], async (it) => {
      const { message, receipt } = await sent(it, 'hello\nthere')
      expect(receipt).toMatchObject({ state: 'accepted', signal: 'screen:changed', attempts: 1 })
      expect(it.home.submits().map(({ id }) => id)).toEqual([message.id])
    }),
  )

  test(
    'is never called healthy: that its process lives is all that is known',
    scene(['plain'], async ({ fleet }) => {
      const reason = 'only its process is proven (sidecar)'
      await agentIs(fleet, 'coder0', ({ health_reason }) => health_reason === reason, 'known by its process')
      expect(await healthIs(fleet, 'coder0', 'unknown')).toMatchObject({ pane: 'alive', flags: [] })
    }),
  )

  test(
    'gets no key while its screen shows a question',
    scene(['dialog'], async (it) => {
      const { receipt } = await sent(it, 'y', 1_500)
      expect(receipt).toMatchObject({ state: 'refused', reason: 'dialog', attempts: 0 })
      expect(bytes(it.home)).toEqual([])
    }),
  )

  test(
    'gets no key while its composer holds a draft',
    scene(['plain'], async (it) => {
      await it.home.tmux('send-keys', '-l', '-t', '=coder0:', 'half a thought')
      await until(async () => (await it.home.screen('coder0')).includes('half a thought'), { what: 'the draft on the screen' })
      const { receipt } = await sent(it, 'not behind that', 1_500)
      expect(receipt).toMatchObject({ state: 'refused', reason: 'draft', attempts: 0 })
      expect(it.home.submits()).toEqual([])
    }),
  )

  test(
    'gets no key while its screen is none of those that are described',
    scene(
      ['plain'],
      async (it) => {
        const { receipt } = await sent(it, 'anybody there', 3_000)
        expect(receipt).toMatchObject({ state: 'refused', reason: 'unavailable', detail: expect.stringContaining('runtimes.mine.screen') })
        expect(bytes(it.home)).toEqual([])
      },
      { idle: ['^another prompt$'] },
    ),
  )

  test(
    'that swallows what is typed leaves it unconfirmed, and is not given it again',
    scene(['swallow'], async (it) => {
      const { receipt } = await sent(it, 'into nothing', 4_000)
      expect(receipt).toMatchObject({ state: 'unconfirmed', reason: 'unverifiable' })
      expect(it.home.log('swallowed')).toHaveLength(1)
    }),
  )
})
