/** A runtime that is killed in the middle of a turn: its conversation, what was on its way to it, and what was spent. */

import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { killNine } from '@mosaic/testkit/faults'
import { until } from '@mosaic/testkit/until'
import { describe, expect, it, vi } from 'vitest'
import { type RuntimeId, runtimeUnderTest } from './runtimes.ts'
import { AGENT, Scene } from './scene.ts'

const WITHIN = { withinMs: 180_000 }
const QUICK = { MOSAIC_RESTART_DELAY_MS: '100', MOSAIC_RESTART_MAX: '1000' }
/** Different sums for different calls, so that one that is counted twice cannot hide behind one that is missing. */
const usageOf = (n: number) => ({ input: 1000 + 2 ** n, output: 10 })

/** Input tokens of each counted call of the script below, smallest first: the scene's own first calls have fewer. */
function counted(scene: Scene): number[] {
  using database = new DatabaseSync(join(scene.fleet.paths.state, 'usage.db'), { readOnly: true, timeout: 10_000 })
  const rows = database.prepare('SELECT input FROM usage WHERE agent = ? AND input > 1000 ORDER BY input').all(AGENT)
  return rows.map(({ input }) => Number(input))
}

export function killedInMidTurn(runtime: RuntimeId): void {
  vi.setConfig({ testTimeout: 600_000 })

  describe(`${runtime} that is killed in the middle of a turn`, () => {
    it('comes back with its conversation, has each message once, and is paid for once', async () => {
      await using scene = await Scene.open(runtimeUnderTest[runtime], { env: QUICK })
      const { llm } = scene
      let calls = 0
      const answered = new Set<number>()
      const { promise: never } = Promise.withResolvers<void>()
      llm.script({
        rules: [
          ({ prompt }) => {
            calls += 1
            const usage = usageOf(calls)
            // The first time it is asked; what the process that is killed had of the answer is not a whole one.
            if (
              prompt.includes('never ends') &&
              !llm
                .requests()
                .slice(0, -1)
                .some(({ request }) => request?.prompt.includes('never ends'))
            )
              return { text: 'This is the beginning of a long answer. '.repeat(20), holdUntil: never, usage }
            answered.add(usage.input)
            return { text: `Answer ${calls}.`, usage }
          },
        ],
      })
      const old = await scene.accepted('Remember the number 4711.')
      await scene.idle()

      const inFlight = await scene.send('Tell me a story that never ends.')
      await scene.heard(inFlight.id)
      const behind = await scene.send('And this waits behind it.')
      const pid = await scene.processId()
      killNine(pid)
      await scene.agentThat('back', (record) => record.health === 'healthy' && record.pid !== null && record.pid !== pid)

      const receipts = [await scene.settled(inFlight.id), await scene.settled(behind.id)]
      expect(receipts.map(({ state, reason }) => [state, reason])).toEqual(receipts.map(() => ['accepted', null]))
      await scene.heard(behind.id)
      await scene.idle()
      const last = await scene.accepted('Which number?')
      await scene.idle()
      const asked = llm.requests().findLast(({ kind, userTexts }) => kind === 'model' && userTexts.some((text) => text.includes(last.id)))
      // One conversation holds them all, each once.
      const conversation = asked?.userTexts.join('\n') ?? ''
      for (const { id } of [old, inFlight, behind, last]) {
        expect(conversation).toContain(id)
        expect(scene.ears.times(id), `${id} in the conversation`).toBe(1)
      }
      const wanted = [...answered].sort((a, b) => a - b)
      await until(() => counted(scene).length >= wanted.length, { ...WITHIN, what: 'all calls in the ledger' })
      expect(counted(scene)).toEqual(wanted)
    })

    it('has once what it had accepted behind that turn, and what another sender had on its way', async () => {
      await using scene = await Scene.open(runtimeUnderTest[runtime], { env: QUICK })
      const { promise: never } = Promise.withResolvers<void>()
      scene.llm.rule({ when: { contains: 'never ends' }, reply: { text: 'Once upon a time. '.repeat(40), holdUntil: never }, times: 1 })
      const inFlight = await scene.send('Tell me a story that never ends.')
      await scene.heard(inFlight.id)
      const enqueued = await scene.send('This waits behind it.', { from: 'ci' })
      expect(await scene.settled(enqueued.id)).toMatchObject({ state: 'accepted' })
      const pid = await scene.processId()
      const onItsWay = scene.send('This is on its way.', { from: 'cron', client: await scene.client() })
      killNine(pid)
      const { id: lateId } = await onItsWay
      await scene.agentThat('back', (record) => record.health === 'healthy' && record.pid !== null && record.pid !== pid)

      const ids = [inFlight.id, enqueued.id, lateId]
      for (const id of ids) {
        expect(await scene.settled(id)).toMatchObject({ state: 'accepted', reason: null })
        await scene.heard(id)
      }
      await scene.idle()
      const last = await scene.accepted('And this comes when all is over.')
      await scene.idle()
      const asked = scene.llm.requests().findLast(({ kind, userTexts }) => kind === 'model' && userTexts.join().includes(last.id))
      const conversation = asked?.userTexts.join('\n') ?? ''
      for (const id of [...ids, last.id]) {
        expect(conversation.split(`#${id}]`).length - 1, `${id} in the conversation`).toBe(1)
        expect(scene.ears.times(id), `${id} to the model`).toBe(1)
      }
      const receipts = await Promise.all(ids.map((id) => scene.receipt(id)))
      expect(receipts.map(({ attempts }) => attempts).slice(0, 2)).toEqual([1, 1])
    })
  })
}
