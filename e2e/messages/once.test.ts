import { randomBytes } from 'node:crypto'
import { messageId, type Receipt } from '@mosaic/domain/message'
import { until } from '@mosaic/testkit/until'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { FleetUnderTest } from '../fleet-under-test.ts'
import { CORE, writeCast } from './cast.ts'
import { spooled } from './spooled.ts'

let fleet: FleetUnderTest

beforeAll(async () => {
  fleet = await FleetUnderTest.make()
  writeCast(fleet, CORE)
  await fleet.ok(['fleet', 'up'])
})
afterAll(() => fleet[Symbol.asyncDispose]())

const newId = () => messageId(Date.now(), randomBytes(10))
const withId = (name: string, id: string) => fleet.taken(name).filter((text) => text.includes(`#${id}]`))
/** The conversation is written just after the word that the message was accepted. */
const takenWith = (name: string, id: string) => until(() => withId(name, id).length > 0 && withId(name, id))

describe('an id that is used again', () => {
  it('is delivered once, and answers with the receipt that there is', async () => {
    const id = newId()
    const first = await fleet.send('orchestrator', 'once', ['--id', id])
    expect(first).toMatchObject({ status: 0, receipt: { id, state: 'accepted' } })
    expect(await fleet.send('orchestrator', 'once', ['--id', id])).toEqual(first)
    expect(await fleet.json<Receipt>(['agent', 'send', 'orchestrator', '--id', id, '--message', 'once'])).toEqual(first.receipt)
    expect(await takenWith('orchestrator', id)).toHaveLength(1)
  })

  it('is delivered once when several send it at the same time', async () => {
    const id = newId()
    const sent = await Promise.all(Array.from({ length: 6 }, () => fleet.send('enhancer', 'at once', ['--id', id])))
    expect(sent.map(({ status, receipt }) => [status, receipt.id, receipt.state])).toEqual(sent.map(() => [0, id, 'accepted']))
    expect(await takenWith('enhancer', id)).toHaveLength(1)
    expect(spooled(fleet).filter((stored) => stored === id)).toHaveLength(1)
  })

  it.each([
    ['another text', 'orchestrator', 'other'],
    ['another receiver', 'enhancer', 'one'],
  ])('for %s is refused, and changes nothing', async (_, name, text) => {
    const id = newId()
    await fleet.send('orchestrator', 'one', ['--id', id])
    await takenWith('orchestrator', id)
    const before = { receipt: await fleet.receipt(id), taken: [fleet.taken('orchestrator'), fleet.taken('enhancer')] }
    const again = await fleet.mosaic(['agent', 'send', name, '--id', id, '--message', text, '--verify', '--json'])
    expect(again.status).toBe(4)
    expect(JSON.parse(again.stdout)).toMatchObject({ error: { code: 'refused', message: expect.stringContaining(id) } })
    expect({ receipt: await fleet.receipt(id), taken: [fleet.taken('orchestrator'), fleet.taken('enhancer')] }).toEqual(before)
  })

  it('must be one', async () => {
    for (const id of ['x', '01K9ZT4V6N3Q8R5W2X7Y1ABCDE', `${newId()}0`, '../../../../../../../../../..']) {
      expect((await fleet.mosaic(['agent', 'send', 'orchestrator', '--id', id, '--message', 'x'])).status, id).toBe(2)
    }
  })
})
