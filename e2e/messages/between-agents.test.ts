import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Receipt } from '@mosaic/domain/message'
import type { FakeLlm } from '@mosaic/testkit/fake-llm/server'
import { until } from '@mosaic/testkit/until'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { FleetUnderTest } from '../fleet-under-test.ts'
import { CORE, heardBy, piModel, writeCast } from './cast.ts'

let fleet: FleetUnderTest
let llm: FakeLlm

beforeAll(async () => {
  fleet = await FleetUnderTest.make()
  llm = await piModel(fleet)
  writeCast(fleet, [...CORE, { name: 'coder0', runtime: 'pi' }])
  await fleet.ok(['fleet', 'up'])
})
afterAll(async () => {
  await fleet[Symbol.asyncDispose]()
  await llm.close()
})

/** As in the pane of this agent. */
const inPaneOf = (name: string) => ({ env: { MOSAIC_AGENT: name, MOSAIC_TENANT: 'acme', MOSAIC_HOST: 'box' } })

describe('an agent in its pane', () => {
  it('is the sender of what it sends, and has its answer by flipping the preamble', async () => {
    const command = 'mosaic agent send orchestrator --message "it is done" --verify --json'
    llm.rule({ when: { contains: 'tell the orchestrator' }, reply: { toolCalls: [{ name: 'bash', input: { command } }] }, times: 1 })
    await fleet.send('coder0', 'tell the orchestrator')
    const told = await until(() => fleet.taken('orchestrator').find((text) => text.endsWith('\nit is done')))
    expect(told).toMatch(/^\[acme@box:coder0 -> acme@box:orchestrator #[0-9a-z]{26}\]\nit is done$/)
    const answer = await fleet.json<Receipt>(
      ['agent', 'send', 'coder0', '--message', 'well done', '--verify', '--verify-timeout', '60000'],
      inPaneOf('orchestrator'),
    )
    expect(answer).toMatchObject({ from: 'acme@box:orchestrator', to: 'acme@box:coder0', state: 'accepted', signal: 'pi:input' })
    await until(() => heardBy(llm).includes(`[acme@box:orchestrator -> acme@box:coder0 #${answer.id}]\nwell done`))
  })
})

describe('a paused fleet', () => {
  it('lets a person talk, holds back what agents say to each other, and delivers that when it resumes', async () => {
    await fleet.ok(['fleet', 'pause'])
    const verified = await fleet.mosaic(
      ['agent', 'send', 'enhancer', '--message', 'refused', '--verify', '--verify-timeout', '3000', '--json'],
      inPaneOf('orchestrator'),
    )
    expect(verified.status).toBe(1)
    expect(JSON.parse(verified.stdout)).toMatchObject({
      state: 'refused',
      reason: 'paused',
      detail: expect.stringContaining('paused'),
      attempts: 0,
    })
    const waiting = await fleet.json<Receipt>(['agent', 'send', 'enhancer', '--message', 'later'], inPaneOf('orchestrator'))
    expect(waiting.state).toBe('stored')
    expect(await fleet.send('enhancer', 'from a person')).toMatchObject({ status: 0, receipt: { state: 'accepted' } })
    expect(await fleet.receipt(waiting.id)).toMatchObject({ state: 'stored', reason: 'paused' })
    await fleet.ok(['fleet', 'resume'])
    await until(async () => (await fleet.receipt(waiting.id)).state === 'accepted')
    await until(() => fleet.taken('enhancer').length === 2)
    expect(fleet.taken('enhancer').map((text) => text.slice(text.indexOf('\n') + 1))).toEqual(['from a person', 'later'])
  })
})

describe('a busy agent', () => {
  it('takes messages behind its turn, in order, and the receipt says so: the stub', async () => {
    await fleet.type('orchestrator', '/busy 600')
    await fleet.agentThat('orchestrator', 'busy', ({ activity }) => activity === 'busy')
    const before = fleet.taken('orchestrator').length
    const words = await fleet.ok(['agent', 'send', 'orchestrator', '--message', 'first', '--verify'])
    expect(words).toMatch(/^accepted by orchestrator in .*\(stub:accepted, queued behind its turn\)/)
    expect(await fleet.send('orchestrator', 'second')).toMatchObject({ status: 0, receipt: { state: 'accepted', mode: 'queued' } })
    expect(fleet.taken('orchestrator')).toHaveLength(before)
    await fleet.home.tmux('send-keys', '-t', '=orchestrator:', 'Escape')
    await until(() => fleet.taken('orchestrator').length === before + 2)
    const texts = fleet.taken('orchestrator').slice(before)
    expect(texts.map((text) => text.slice(text.indexOf('\n') + 1))).toEqual(['first', 'second'])
  })

  it('takes messages behind its turn, and an urgent one into it: pi', async () => {
    const gate = join(fleet.home.root, 'gate')
    // Until the gate is open, or all of this is removed.
    const command = `while [ -d ${fleet.home.root} ] && [ ! -e ${gate} ]; do sleep 0.05; done`
    llm.rule({ when: { contains: 'work for long' }, reply: { toolCalls: [{ name: 'bash', input: { command } }] }, times: 1 })
    const before = heardBy(llm).length
    await fleet.send('coder0', 'work for long')
    await fleet.agentThat('coder0', 'busy', ({ activity }) => activity === 'busy')
    const [later, now] = [await fleet.send('coder0', 'later'), await fleet.send('coder0', 'now', ['--urgent'])]
    expect(later).toMatchObject({ status: 0, receipt: { state: 'accepted', mode: 'queued' } })
    expect(now).toMatchObject({ status: 0, receipt: { state: 'accepted', mode: 'steered' } })
    writeFileSync(gate, '')
    await until(() => heardBy(llm).length === before + 3)
    expect(
      heardBy(llm)
        .slice(before)
        .map((text) => text.slice(text.indexOf('\n') + 1)),
    ).toEqual(['work for long', 'now', 'later'])
  })
})

describe('a stopped agent', () => {
  it('gets what was sent to it when it is started, in order, once', async () => {
    await fleet.ok(['fleet', 'stop', 'enhancer'])
    const before = fleet.taken('enhancer').length
    const texts = ['one', 'two', 'three']
    const receipts: Receipt[] = []
    for (const text of texts) receipts.push(await fleet.json<Receipt>(['agent', 'send', 'enhancer', '--message', text]))
    expect(receipts.map(({ state }) => state)).toEqual(['stored', 'stored', 'stored'])
    await until(async () => (await fleet.receipt(receipts[2]?.id ?? '')).reason === 'not-running')
    expect(fleet.taken('enhancer')).toHaveLength(before)
    await fleet.ok(['fleet', 'start', 'enhancer'])
    await until(() => fleet.taken('enhancer').length === before + 3)
    expect(
      fleet
        .taken('enhancer')
        .slice(before)
        .map((text) => text.slice(text.indexOf('\n') + 1)),
    ).toEqual(texts)
    for (const { id } of receipts) expect(await fleet.receipt(id)).toMatchObject({ state: 'accepted', attempts: 1 })
  })

  it('gets it also when the whole fleet is down, and the sender is told that', async () => {
    await fleet.ok(['fleet', 'stop'])
    const words = await fleet.ok(['agent', 'send', 'orchestrator', '--message', 'good morning'])
    expect(words).toMatch(/^stored for orchestrator #/)
    expect(words).toContain('mosaic fleet start')
    const verified = await fleet.mosaic(['agent', 'send', 'orchestrator', '--message', 'anybody?', '--verify', '--json'])
    expect(verified.status).toBe(1)
    expect(JSON.parse(verified.stdout)).toMatchObject({ state: 'refused', reason: 'not-running', detail: expect.stringMatching(/./) })
    expect(fleet.home.leftovers().processes).toEqual([])
    await fleet.ok(['fleet', 'start'])
    await until(() => fleet.taken('orchestrator').at(-1)?.endsWith('\ngood morning'))
    expect(fleet.taken('orchestrator').filter((text) => text.endsWith('anybody?'))).toEqual([])
  })
})
