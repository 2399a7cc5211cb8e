/** The living runtimes of this host as reached through their adapters: one connection per incarnation. */

import { basename } from 'node:path'
import type { AgentDefinition } from '@mosaic/domain/agent'
import type { ConnectContext, RuntimeAdapter, RuntimeSession } from '@mosaic/domain/ports/runtime'
import type { SubmitKey } from '@mosaic/domain/ports/session-host'
import type { Signal } from '@mosaic/domain/signal'
import type { MosaicPaths } from './paths.ts'
import { stampMs } from './signals/journal-writer.ts'
import { runtimePlaces } from './supervisor/embedded/incarnation.ts'

/**
 * True when `argv` is what `command` runs as: itself, a script behind its interpreter, or what a wrapper such as `env`
 * becomes, which has the rest of the arguments.
 */
function isRunBy(command: readonly string[], argv: readonly string[]): boolean {
  const startsWith = (words: readonly string[], at: number, same: (a: string, b: string) => boolean) =>
    words.every((word, index) => (index === 0 ? same(word, argv[at] ?? '') : word === argv[at + index]))
  const isSameProgram = (a: string, b: string) => basename(a) === basename(b)
  if ([0, 1].some((at) => startsWith(command, at, isSameProgram))) return true
  return command.some((_, from) => from > 0 && [0, 1].some((at) => startsWith(command.slice(from), at, (a, b) => a === b)))
}

export class RuntimeSessions implements Disposable {
  readonly #paths: MosaicPaths
  readonly #adapterOf: (agent: AgentDefinition) => RuntimeAdapter
  readonly #sessions = new Map<string, { session: RuntimeSession; adapter: RuntimeAdapter; observing: Disposable | undefined }>()

  constructor(paths: MosaicPaths, adapterOf: (agent: AgentDefinition) => RuntimeAdapter) {
    this.#paths = paths
    this.#adapterOf = adapterOf
  }

  /**
   * Reaches a new incarnation, in the place of the one before.
   * @param sink what a runtime says that is listened to instead of writing a journal
   * @throws FleetError `missing` when this version does not know the runtime
   */
  connect(
    agent: AgentDefinition,
    process: Pick<ConnectContext, 'launchId' | 'pid' | 'channel' | 'screen' | 'type' | 'log'>,
    sink: (signal: Signal) => void,
  ): { session: RuntimeSession; adapter: RuntimeAdapter } {
    this.#sessions.get(agent.name)?.observing?.[Symbol.dispose]()
    const adapter = this.#adapterOf(agent)
    const session = adapter.connect({ ...runtimePlaces(this.#paths, agent.name), agent, ...process })
    const observing = session.observe?.((signal) => sink({ v: 1, at: stampMs(), pid: process.pid, ...signal }))
    this.#sessions.set(agent.name, { session, adapter, observing })
    return { session, adapter }
  }

  known(agent: AgentDefinition): RuntimeSession | undefined {
    return this.#sessions.get(agent.name)?.session
  }

  submitKey(agent: AgentDefinition): SubmitKey {
    return this.#speaking(agent)?.submitKey ?? 'Enter'
  }

  [Symbol.dispose](): void {
    for (const { observing } of this.#sessions.values()) observing?.[Symbol.dispose]()
    this.#sessions.clear()
  }

  dropsDuplicates(agent: AgentDefinition): boolean {
    return this.#speaking(agent)?.dropsDuplicates ?? false
  }

  /** @param agent absent: one that the roster does not name any more */
  acceptanceSignal(agent: AgentDefinition | undefined): string {
    return (agent === undefined ? undefined : this.#speaking(agent)?.acceptanceSignal) ?? 'runtime:accepted'
  }

  recognises(agent: AgentDefinition, argv: readonly string[]): boolean {
    if (this.#adapter(agent)?.recognises(argv) === true) return true
    return agent.command !== undefined && isRunBy(agent.command, argv)
  }

  /** The adapter of what runs; of what the roster names where nothing was reached yet. */
  #speaking(agent: AgentDefinition): RuntimeAdapter | undefined {
    return this.#sessions.get(agent.name)?.adapter ?? this.#adapter(agent)
  }

  #adapter(agent: AgentDefinition): RuntimeAdapter | undefined {
    try {
      return this.#adapterOf(agent)
    } catch {
      return undefined
    }
  }
}
