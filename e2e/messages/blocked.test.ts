import { writeFileSync } from 'node:fs'
import type { AgentRecord } from '@mosaic/domain/agent-record'
import type { BlockReason, Receipt } from '@mosaic/domain/message'
import type { AgentScript } from '@mosaic/testkit/fake-agent/script'
import { freeze, killNine } from '@mosaic/testkit/faults'
import { until } from '@mosaic/testkit/until'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { FleetUnderTest } from '../fleet-under-test.ts'
import { CORE, FakeAgents, writeCast } from './cast.ts'

const QUESTION = 'Run `rm -rf build`?'

/** Long enough for whatever is looked at before an ended agent is back. */
const RESTART_DELAY_MS = 30_000

/** Shorter, a slow machine would let it pass before the message has come to the courier: then nobody knows a reason. */
const BRIEFLY = ['--verify', '--verify-timeout', '3000']

let fleet: FleetUnderTest
let agents: FakeAgents

const worker = (name: string, script: (file: (suffix: string) => string) => AgentScript) => ({
  ...agents.entry(
    name,
    script((suffix) => agents.file(name, suffix)),
  ),
  class: 'worker',
})

beforeAll(async () => {
  fleet = await FleetUnderTest.make({
    env: { MOSAIC_RESTART_DELAY_MS: String(RESTART_DELAY_MS), MOSAIC_RESTART_MAX: '1', MOSAIC_RESTART_WINDOW_MS: '600000' },
  })
  agents = new FakeAgents(fleet)
  const cast = [
    worker('asking', (file) => ({
      rules: [
        { when: { start: true }, do: { dialog: QUESTION } },
        { when: { file: file('close') }, do: { closeDialog: true } },
      ],
    })),
    worker('drafting', () => ({})),
    worker('scrolled', () => ({})),
    worker('frozen', () => ({})),
    worker('spinning', (file) => ({ rules: [{ when: { file: file('spin') }, do: { hang: { how: 'spin' } } }] })),
    worker('unready', () => ({ readyAfterMs: 3_600_000 })),
    worker('deaf', () => ({ rules: [{ when: { start: true }, do: { swallow: true } }] })),
    worker('fragile', () => ({ rules: [{ when: { received: 1 }, do: { die: { signal: 'SIGKILL' } } }] })),
    worker('ended', () => ({})),
    worker('crashing', () => ({ rules: [{ when: { start: true }, do: { die: { code: 7 } } }] })),
    worker('stopped', () => ({})),
  ]
  writeCast(fleet, [...CORE, ...cast], agents.environment)
  await fleet.mosaic(['fleet', 'start'])
})
afterAll(() => fleet[Symbol.asyncDispose]())

/** The agent, once it has drawn its prompt. */
async function readied(name: string): Promise<AgentRecord & { pid: number }> {
  const { pid, ...rest } = await fleet.healthy(name)
  if (pid === null) throw new Error(`${name} has no process`)
  await until(() => agents.log(pid).some(({ event }) => event === 'ready'))
  return { ...rest, pid }
}

const bytesOf = (pid: number | null) => agents.log(pid).filter(({ event }) => event === 'bytes').length

/** One send for programs and one for people: both must say the same, in their way. */
async function refused(name: string, reason: BlockReason, says: RegExp, state: Receipt['state'] = 'refused'): Promise<Receipt> {
  const args = ['agent', 'send', name, '--message', 'not now', ...BRIEFLY]
  const [json, words] = await Promise.all([fleet.mosaic([...args, '--json']), fleet.mosaic(args)])
  const receipt = JSON.parse(json.stdout) as Receipt
  expect(receipt, json.stdout).toMatchObject({ state, reason, detail: expect.stringMatching(says), signal: null, accepted_at: null })
  expect(json.status).toBe(1)
  expect(words.stdout).toMatch(new RegExp(`^not accepted by ${name}: ${reason}, .*#[0-9a-z]{26}\\n  mend: .`))
  expect(words.stdout).toMatch(says)
  expect(words.status).toBe(1)
  return receipt
}

/** What was refused stays undelivered when the way is free again. */
async function takesOnlyWhatComesNow(name: string): Promise<void> {
  const { receipt } = await fleet.send(name, 'now', ['--verify-timeout', '60000'])
  expect(receipt).toMatchObject({ state: 'accepted', attempts: 1 })
  const ids = await until(() => agents.submits(name).length > 0 && agents.submits(name).map(({ id }) => id))
  expect(ids).toEqual([receipt.id])
}

describe('a verified send that cannot be accepted exits 1 with the true reason', () => {
  it('of an open dialog, into which no key is pressed', async () => {
    const { pid } = await readied('asking')
    const receipt = await refused('asking', 'dialog', /rm -rf build/)
    expect(receipt.attempts).toBe(0)
    expect(await fleet.receipt(receipt.id)).toEqual(receipt)
    expect(bytesOf(pid)).toBe(0)
    writeFileSync(agents.file('asking', 'close'), '')
    await fleet.agentThat('asking', 'idle', ({ activity }) => activity === 'idle')
    await takesOnlyWhatComesNow('asking')
    expect(agents.log(pid).filter(({ event }) => event === 'approved' || event === 'denied')).toEqual([])
  })

  it('of a draft, which stays as it is', async () => {
    const { pid } = await readied('drafting')
    await fleet.home.tmux('send-keys', '-l', '-t', '=drafting:', 'half a thought')
    await fleet.agentThat('drafting', 'draft', ({ activity }) => activity === 'draft')
    const before = bytesOf(pid)
    await refused('drafting', 'draft', /composer/)
    expect(bytesOf(pid)).toBe(before)
    expect(await fleet.home.tmux('capture-pane', '-p', '-t', '=drafting:')).toContain('half a thought')
    await fleet.home.tmux('send-keys', '-t', '=drafting:', 'C-c')
    await fleet.agentThat('drafting', 'idle', ({ activity }) => activity === 'idle')
    await takesOnlyWhatComesNow('drafting')
  })

  it('of copy mode, which is not left', async () => {
    const { pid } = await readied('scrolled')
    await fleet.home.tmux('copy-mode', '-t', '=scrolled:')
    await refused('scrolled', 'copy-mode', /scrolls/)
    expect(bytesOf(pid)).toBe(0)
    expect((await fleet.home.tmux('display-message', '-p', '-t', '=scrolled:', '#{pane_in_mode}')).trim()).toBe('1')
    await fleet.home.tmux('send-keys', '-t', '=scrolled:', '-X', 'cancel')
    await takesOnlyWhatComesNow('scrolled')
  })

  it('of a frozen runtime, which gets nothing when it thaws', async () => {
    const { pid } = await readied('frozen')
    const frozen = await freeze(pid)
    try {
      await refused('frozen', 'hung', /does not answer/)
    } finally {
      await frozen.thaw()
    }
    expect((await fleet.healthy('frozen')).pid).toBe(pid)
    expect(bytesOf(pid)).toBe(0)
    await takesOnlyWhatComesNow('frozen')
  })

  it('of a runtime that spins', async () => {
    const { pid } = await readied('spinning')
    writeFileSync(agents.file('spinning', 'spin'), '')
    await until(() => agents.log(pid).some(({ event }) => event === 'hangs'))
    try {
      await refused('spinning', 'hung', /does not answer/)
      expect(bytesOf(pid)).toBe(0)
    } finally {
      killNine(pid)
    }
  })

  it('of a runtime that only starts', async () => {
    const { pid } = await fleet.agentThat('unready', 'running', (record) => record.pid !== null)
    await refused('unready', 'starting', /not ready|takes input/)
    expect(bytesOf(pid)).toBe(0)
  })

  it('of a runtime that was given it and does not accept it', async () => {
    await readied('deaf')
    const { status, receipt } = await fleet.send('deaf', 'heard?', ['--verify-timeout', '10000'])
    expect(receipt).toMatchObject({ state: 'unconfirmed', reason: 'unverifiable', signal: null, attempts: 1 })
    expect(status).toBe(1)
  })

  it('of a process that ends over it', async () => {
    await readied('fragile')
    const { status, receipt } = await fleet.send('fragile', 'poison', ['--verify-timeout', '10000'])
    expect(receipt).toMatchObject({
      state: 'unconfirmed',
      reason: 'dead',
      detail: expect.stringMatching(/restarted/),
      signal: null,
      attempts: 1,
    })
    expect(status).toBe(1)
    expect(agents.submits('fragile')).toEqual([])
  })

  it('of a process that ended and is not back yet', async () => {
    const { pid } = await readied('ended')
    killNine(pid)
    await fleet.agentThat('ended', 'dead', ({ health }) => health === 'dead')
    const receipt = await refused('ended', 'dead', /SIGKILL|signal 9|about to be restarted/)
    expect(receipt.attempts).toBe(0)
    await fleet.ok(['fleet', 'start', 'ended'])
    await readied('ended')
    await takesOnlyWhatComesNow('ended')
  })

  it('of a stopped agent, at once, and stores nothing', async () => {
    await readied('stopped')
    await fleet.ok(['fleet', 'stop', 'stopped'])
    const { status, receipt } = await fleet.send('stopped', 'anybody?', ['--verify-timeout', '600000'])
    expect(receipt).toMatchObject({ state: 'refused', reason: 'not-running', detail: expect.stringContaining('stopped'), attempts: 0 })
    expect(status).toBe(1)
    await fleet.ok(['fleet', 'start', 'stopped'])
    await readied('stopped')
    await takesOnlyWhatComesNow('stopped')
  })

  it('of an agent that was given up after a crash loop', async () => {
    await fleet.agentThat('crashing', 'failed', ({ supervisor }) => supervisor.state === 'failed')
    await refused('crashing', 'dead', /exit 7.*restart/)
  })
})
