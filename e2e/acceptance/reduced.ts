/** The part of the matrix that is run with the other tests: every state, with two shapes of one sender, and the other modes once. */

import { afterAll, describe, expect, it, vi } from 'vitest'
import { reducedParts } from './matrix.ts'
import { runRound } from './round.ts'
import { type RuntimeId, runtimeUnderTest } from './runtimes.ts'
import { Scene } from './scene.ts'
import { STATES, settingsOf } from './states.ts'

export function acceptanceOf(runtime: RuntimeId): void {
  // A bound for a machine on which a runtime needs minutes to start.
  vi.setConfig({ testTimeout: 600_000, hookTimeout: 120_000 })

  describe(`a message to ${runtime}`, () => {
    let scene: Scene | undefined
    let n = 0
    const close = async () => {
      const open = scene
      scene = undefined
      await open?.[Symbol.asyncDispose]()
    }
    afterAll(close)

    it.each(STATES)('that is %s is accepted once, or refused with the true reason, and answers no question', async (state) => {
      // One fleet for all states; the settings of the one that needs its own do no harm to the others.
      scene ??= await Scene.open(runtimeUnderTest[runtime], { env: settingsOf('dead') })
      for (const part of reducedParts(state)) {
        n += 1
        const { cells, broken } = await runRound({ scene, state, n, ...part })
        if (broken) await close()
        expect(cells.filter(({ verdict }) => verdict === 'RED')).toEqual([])
      }
    })
  })
}
