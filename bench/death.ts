/**
 * From `kill -9` of an agent's process to `dead` shown, beside the moment at which tmux itself says that the pane is dead.
 *
 *   node bench/death.ts [--json] [--quick]
 */

import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import type { AgentRecord } from '@mosaic/domain/agent-record'
import type { ServiceClient } from '@mosaic/host/service/client'
import { until } from '@mosaic/testkit/until'
import type { FleetUnderTest } from '../e2e/fleet-under-test.ts'
import { serviceOf, worldOf } from './agents.ts'
import { type Bench, type BenchOptions, keep, main, say } from './bench.ts'
import type { Figure } from './figures.ts'
import { interleaved, median, p95 } from './measure.ts'

const VICTIM = 'orchestrator'
const BYSTANDER = 'coder0'
/** It stays dead until it was looked at. */
const ENV = { MOSAIC_RESTART_DELAY_MS: '20000' }

/** Asks tmux about the victim's pane as fast as it answers, over one connection: no process per question. */
class TmuxPoll implements AsyncDisposable {
  readonly #client: ChildProcessWithoutNullStreams
  readonly #lines: AsyncIterator<string>

  constructor(fleet: FleetUnderTest) {
    const { env, tmuxSocket } = fleet.home
    // On another agent's session, as a client that neither sizes nor hears it.
    const argv = ['-L', tmuxSocket, '-C', 'attach-session', '-f', 'ignore-size,no-output,read-only', '-t', `=${BYSTANDER}:`]
    this.#client = spawn('tmux', argv, { env: { ...env, TERM: 'xterm-256color' }, stdio: 'pipe' })
    this.#lines = createInterface({ input: this.#client.stdout })[Symbol.asyncIterator]()
  }

  async isDead(): Promise<boolean> {
    this.#client.stdin.write(`display-message -p -t '=${VICTIM}:0.0' 'dead=#{pane_dead}'\n`)
    for (;;) {
      const { value, done } = await this.#lines.next()
      if (done === true) throw new Error('tmux went away')
      const [, dead] = /^dead=(\d)$/.exec(String(value)) ?? []
      if (dead !== undefined) return dead === '1'
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const ended = once(this.#client, 'close')
    this.#client.stdin.end()
    await ended
  }
}

const shownDead = ({ pane, health }: AgentRecord): boolean => pane !== 'alive' && health === 'dead'

class Killing {
  readonly #client: ServiceClient
  readonly #poll: TmuxPoll

  constructor(client: ServiceClient, poll: TmuxPoll) {
    this.#client = client
    this.#poll = poll
  }

  /** Until the host service tells of the death. */
  async toEvent(): Promise<number> {
    const { pid } = await this.#alive()
    const died = this.#eventDied()
    // One round trip: the service has taken the subscription in.
    await this.#client.status()
    const killedAt = this.#kill(pid)
    return this.#backUp((await died) - killedAt)
  }

  async #eventDied(): Promise<number> {
    for await (const { kind, agent } of this.#client.events({ signal: new AbortController().signal })) {
      if (kind === 'died' && agent === VICTIM) return performance.now()
    }
    throw new Error('the events ended')
  }

  /** Until a record of the agent shows it, asked for again and again. */
  async toRecord(): Promise<number> {
    const { pid } = await this.#alive()
    const killedAt = this.#kill(pid)
    while (!shownDead(await this.#client.agent(VICTIM)));
    return this.#backUp(performance.now() - killedAt)
  }

  async toTmux(): Promise<number> {
    const { pid } = await this.#alive()
    const killedAt = this.#kill(pid)
    while (!(await this.#poll.isDead()));
    return this.#backUp(performance.now() - killedAt)
  }

  #kill(pid: number): number {
    const at = performance.now()
    process.kill(pid, 'SIGKILL')
    return at
  }

  async #alive(): Promise<{ pid: number }> {
    const healthy = async () => {
      const { health, pid } = await this.#client.agent(VICTIM)
      return health === 'healthy' && pid !== null ? { pid } : undefined
    }
    return until(healthy, { what: `${VICTIM} to be healthy`, everyMs: 30 })
  }

  /** A restart that is asked for starts the pace of restarts anew. */
  async #backUp(ms: number): Promise<number> {
    await until(async () => (await this.#client.agent(VICTIM)).supervisor.state === 'backoff', {
      what: 'the death to be noticed',
      everyMs: 5,
    })
    await this.#client.restart([VICTIM])
    return ms
  }
}

async function run({ quick }: BenchOptions): Promise<Figure[]> {
  await using kept = keep(await worldOf('stub', { size: 2, env: ENV }))
  const fleet = kept.world
  await fleet.ok(['fleet', 'up'])
  await using client = await serviceOf(fleet)
  await using poll = new TmuxPoll(fleet)
  const killing = new Killing(client, poll)
  const rounds = quick ? 5 : 50
  say(`death: killing one agent ${3 * (rounds + 1)} times`)
  const samples = await interleaved(
    { event: () => killing.toEvent(), record: () => killing.toRecord(), tmux: () => killing.toTmux() },
    rounds,
  )
  const figure = (what: string, of: typeof median, at: string, values: readonly number[]): Figure => ({
    what: `kill -9 to ${what}, ${at}`,
    unit: 'ms',
    value: of(values),
    baseline: { what: `to pane_dead=1 in tmux, ${at}`, value: of(samples.tmux) },
  })
  return [
    figure('the event died', median, 'p50', samples.event),
    figure('the event died', p95, 'p95', samples.event),
    figure('dead in a record', median, 'p50', samples.record),
    figure('dead in a record', p95, 'p95', samples.record),
  ]
}

export const death: Bench = { name: 'death', run }

if (import.meta.main) await main([death])
