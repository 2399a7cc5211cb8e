import { randomBytes } from 'node:crypto'
import { messageId, type Receipt } from '@mosaic/domain/message'
import type { FakeLlm } from '@mosaic/testkit/fake-llm/server'
import { until } from '@mosaic/testkit/until'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { FleetUnderTest } from '../fleet-under-test.ts'
import { heardBy, piModel, writeCast } from '../messages/cast.ts'
import { spooled } from '../messages/spooled.ts'

const KILLS = 24

let fleet: FleetUnderTest
let llm: FakeLlm

beforeAll(async () => {
  fleet = await FleetUnderTest.make()
  llm = await piModel(fleet)
  writeCast(fleet, [{ name: 'orchestrator' }, { name: 'enhancer', runtime: 'pi' }])
  await fleet.ok(['fleet', 'up'])
})
afterAll(async () => {
  await fleet[Symbol.asyncDispose]()
  await llm.close()
})

const newId = () => messageId(Date.now(), randomBytes(10))
const sendArgs = (name: string, id: string, verify: boolean) => [
  ...['agent', 'send', name, '--id', id, '--message', `text of ${id}`],
  ...(verify ? ['--verify', '--verify-timeout', '60000'] : []),
]

/** How long a send takes as a rule, milliseconds: the moments to kill it are spread over the part in which it does something. */
async function usualMs(name: string): Promise<number> {
  const beganMs = performance.now()
  await fleet.ok(sendArgs(name, newId(), true))
  return performance.now() - beganMs
}

describe('a send that is killed at any moment', () => {
  it.each([
    { name: 'orchestrator', heard: () => fleet.taken('orchestrator') },
    { name: 'enhancer', heard: () => heardBy(llm) },
  ])('is delivered to $name once if it was stored, else never, and can be sent again by its id', async ({ name, heard }) => {
    const spanMs = await usualMs(name)
    const ids: string[] = []
    for (let kill = 0; kill < KILLS; kill += 1) {
      const id = newId()
      ids.push(id)
      const afterMs = spanMs * (0.4 + (0.7 * kill) / KILLS)
      await fleet.mosaic(sendArgs(name, id, kill % 2 === 0), { onStart: (child) => void setTimeout(() => child.kill('SIGKILL'), afterMs) })
    }
    const stored = spooled(fleet).filter((id) => ids.includes(id))
    const settled = (id: string) => until(async () => (await fleet.receipt(id)).state === 'accepted', { what: `the acceptance of ${id}` })
    for (const id of stored) await settled(id)
    const takenOf = (id: string) => heard().filter((text) => text.includes(`#${id}]`)).length
    await until(() => stored.every((id) => takenOf(id) > 0), { what: 'all that was stored in the conversation' })
    expect(ids.map(takenOf)).toEqual(ids.map((id) => (stored.includes(id) ? 1 : 0)))
    // Whoever does not know what became of it sends it again.
    const again = await Promise.all(ids.filter((_, n) => n % 3 === 0).map((id) => fleet.json<Receipt>(sendArgs(name, id, true))))
    expect(again.map(({ state }) => state)).toEqual(again.map(() => 'accepted'))
    await until(() => again.every(({ id }) => takenOf(id) > 0))
    expect(again.map(({ id }) => takenOf(id))).toEqual(again.map(() => 1))
  })
})
