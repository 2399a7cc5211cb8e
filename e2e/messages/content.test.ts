import type { FakeLlm } from '@mosaic/testkit/fake-llm/server'
import { until } from '@mosaic/testkit/until'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { FleetUnderTest } from '../fleet-under-test.ts'
import { heardBy, piModel, writeCast } from './cast.ts'
import { CONTENTS, visible } from './contents.ts'

/** For as long as a loaded machine may need for the largest. */
const PATIENT = ['--verify-timeout', '60000']

describe('whatever is in a message', () => {
  let fleet: FleetUnderTest
  let llm: FakeLlm

  beforeAll(async () => {
    fleet = await FleetUnderTest.make()
    llm = await piModel(fleet)
    writeCast(fleet, [{ name: 'orchestrator' }, { name: 'enhancer', runtime: 'pi' }], { MOSAIC_STUB_THINK_MS: '1' })
    await fleet.ok(['fleet', 'up'])
  })
  afterAll(async () => {
    await fleet[Symbol.asyncDispose]()
    await llm.close()
  })

  const receivers = [
    { name: 'orchestrator', signal: 'stub:accepted', heard: () => fleet.taken('orchestrator') },
    { name: 'enhancer', signal: 'pi:input', heard: () => heardBy(llm) },
  ]

  it.each(CONTENTS)('%s arrives exactly, once, behind its preamble, at the stub and at pi', async (_, text) => {
    for (const { name, signal, heard } of receivers) {
      const before = await heard().length
      const { status, receipt } = await fleet.send(name, text, PATIENT)
      expect(receipt).toMatchObject({ state: 'accepted', signal, attempts: 1, reason: null })
      expect(status).toBe(0)
      expect(receipt.bytes).toBe(Buffer.byteLength(visible(text)))
      await until(() => heard().length > before, { what: `${receipt.id} in the conversation of ${name}` })
      // As a condition, so that a failure does not print 64 KiB.
      const arrived = heard().slice(before)
      expect(arrived).toHaveLength(1)
      expect(arrived[0] === `[acme@box:operator -> acme@box:${name} #${receipt.id}]\n${visible(text)}`, name).toBe(true)
    }
  })
})
