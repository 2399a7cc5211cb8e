import type { Receipt } from '@mosaic/domain/message'
import type { FakeLlm } from '@mosaic/testkit/fake-llm/server'
import { freeze, killNine } from '@mosaic/testkit/faults'
import { until } from '@mosaic/testkit/until'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { FleetUnderTest } from '../fleet-under-test.ts'
import { heardBy, piModel, writeCast } from '../messages/cast.ts'
import { Sender } from '../messages/sender.ts'

/** Each at another moment of the delivery. */
const KILLS = 8
const PATIENT = ['--verify-timeout', '90000']

let fleet: FleetUnderTest
let llm: FakeLlm

beforeAll(async () => {
  fleet = await FleetUnderTest.make({ env: { MOSAIC_RESTART_DELAY_MS: '1', MOSAIC_RESTART_MAX: '1000' } })
  llm = await piModel(fleet)
  writeCast(fleet, [{ name: 'orchestrator' }, { name: 'enhancer', runtime: 'pi' }], {
    // Time to be killed in the middle of a turn.
    MOSAIC_STUB_THINK_MS: '300',
  })
  await fleet.ok(['fleet', 'up'])
})
afterAll(async () => {
  await fleet[Symbol.asyncDispose]()
  await llm.close()
})

const processOf = async (name: string): Promise<number> => {
  const { pid } = await fleet.healthy(name)
  if (pid === null) throw new Error(`${name} has no process`)
  return pid
}
/** Kills the process; the agent's next one. */
async function killed(name: string): Promise<number> {
  const before = await processOf(name)
  killNine(before)
  const { pid } = await fleet.agentThat(name, 'back', (record) => record.health === 'healthy' && record.pid !== before)
  return pid ?? 0
}
const textsOf = (heard: readonly string[]) => heard.map((text) => text.slice(text.indexOf('\n') + 1))
const screenOf = (name: string) => fleet.home.tmux('capture-pane', '-p', '-t', `=${name}:`)

const receivers = [
  { name: 'orchestrator', heard: () => fleet.taken('orchestrator') },
  { name: 'enhancer', heard: () => heardBy(llm) },
]

describe('a runtime that is killed', () => {
  it('in the middle of a turn takes the message up again, and it was accepted once: the stub', async () => {
    const before = fleet.taken('orchestrator').length
    const sent = await fleet.send('orchestrator', 'unanswered', PATIENT)
    expect(sent.receipt).toMatchObject({ state: 'accepted', attempts: 1 })
    await killed('orchestrator')
    await until(async () => (await screenOf('orchestrator')).includes('You said: unanswered'))
    expect(textsOf(fleet.taken('orchestrator')).slice(before)).toEqual(['unanswered'])
    expect(await fleet.receipt(sent.receipt.id)).toEqual(sent.receipt)
  })

  it('in the middle of a turn takes the message up again, and it was accepted once: pi', async () => {
    llm.rule({ when: { contains: 'unanswered' }, reply: { neverAnswer: true }, times: 1 })
    const sent = await fleet.send('enhancer', 'unanswered', PATIENT)
    await until(() => textsOf(heardBy(llm)).includes('unanswered'))
    const asked = llm.modelRequestCount()
    await killed('enhancer')
    await until(() => llm.modelRequestCount() > asked)
    await fleet.agentThat('enhancer', 'idle', ({ activity }) => activity === 'idle')
    expect(textsOf(heardBy(llm)).filter((text) => text === 'unanswered')).toHaveLength(1)
    expect(await fleet.receipt(sent.receipt.id)).toMatchObject({ state: 'accepted', attempts: 1 })
  })

  it.each(receivers)('in any moment of a delivery has each message once, in order: $name', async ({ name, heard }) => {
    const before = heard().length
    await using sender = await Sender.connect(fleet)
    const receipts: Receipt[] = []
    for (let n = 0; n < KILLS; n += 1) {
      const pid = await processOf(name)
      // Longer than all the deaths of a slow machine, before the last of which none may be accepted.
      receipts.push(await sender.stored(name, `survivor ${n}`, { withinMs: 600_000 }))
      await new Promise((resolve) => setTimeout(resolve, n * 2))
      killNine(pid)
    }
    for (const { id } of receipts)
      await until(async () => (await fleet.receipt(id)).state === 'accepted', { what: `the acceptance of ${id}`, withinMs: 120_000 })
    const wanted = receipts.map(({ id }, n) => `[acme@box:operator -> acme@box:${name} #${id}]\nsurvivor ${n}`)
    await until(() => wanted.every((text) => heard().includes(text)), { what: 'all of it in the conversation' })
    // In one conversation that was picked up each time; or in a new one, where the one before never had an answer.
    expect(heard().slice(-wanted.length)).toEqual(wanted)
    expect(heard().length - before).toBeLessThanOrEqual(wanted.length)
  })

  it('is hung while it is frozen, and gets nothing of it afterwards: pi', async () => {
    const pid = await processOf('enhancer')
    const frozen = await freeze(pid)
    try {
      expect(await fleet.send('enhancer', 'into the ice', ['--verify-timeout', '3000'])).toMatchObject({
        status: 1,
        receipt: { state: 'refused', reason: 'hung', attempts: 0 },
      })
    } finally {
      await frozen.thaw()
    }
    expect(await fleet.send('enhancer', 'after the ice', PATIENT)).toMatchObject({ status: 0, receipt: { state: 'accepted' } })
    await until(() => textsOf(heardBy(llm)).includes('after the ice'))
    expect(textsOf(heardBy(llm))).not.toContain('into the ice')
  })
})

describe('a tmux server that is killed', () => {
  it('brings the fleet back with every accepted message known, and what is sent meanwhile delivered once', async () => {
    for (const { name } of receivers) await processOf(name)
    const before = await Promise.all(receivers.map(({ name }) => fleet.send(name, 'before the fall', PATIENT)))
    killNine(Number(await fleet.home.tmux('display-message', '-p', '#{pid}')))
    const sent = await Promise.all(
      receivers.flatMap(({ name }) => [fleet.send(name, 'in the fall', PATIENT), fleet.send(name, 'in the fall too', PATIENT)]),
    )
    expect(sent.map(({ status }) => status)).toEqual([0, 0, 0, 0])
    for (const { name, heard } of receivers) {
      const own = [...before, ...sent].filter(({ receipt }) => receipt.to.endsWith(`:${name}`)).map(({ receipt }) => receipt.id)
      const takenOf = (id: string) => heard().filter((text) => text.includes(`#${id}]`)).length
      await until(() => own.every((id) => takenOf(id) === 1), { what: `${own.join(', ')} once in the conversation of ${name}` })
      for (const { receipt } of before) expect(await fleet.receipt(receipt.id)).toEqual(receipt)
    }
    expect((await fleet.snapshot()).agents.map(({ health }) => health)).toEqual(['healthy', 'healthy'])
  })

  it('together with the host service is brought back by the next send', async () => {
    for (const { name } of receivers) await processOf(name)
    const server = Number(await fleet.home.tmux('display-message', '-p', '#{pid}'))
    const service = await fleet.servicePid()
    for (const pid of [service, server]) killNine(pid)
    const sent = await Promise.all(receivers.map(({ name }) => fleet.send(name, 'after everything', PATIENT)))
    expect(sent.map(({ status, receipt }) => [status, receipt.state])).toEqual(sent.map(() => [0, 'accepted']))
    for (const { heard } of receivers) await until(() => textsOf(heard()).filter((text) => text === 'after everything').length === 1)
  })
})
