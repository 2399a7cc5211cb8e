/**
 * A runtime that the roster describes by its command and its screen. It says nothing of itself: its process is all that is
 * known to live, and that a message was taken is read from the screen, which the receipt says.
 */

import type { AgentDefinition } from '@mosaic/domain/agent'
import { FleetError } from '@mosaic/domain/error'
import type { Message } from '@mosaic/domain/message'
import type { ConnectContext, NativeRefusal, RuntimeAdapter, RuntimeAnswer, RuntimeSession } from '@mosaic/domain/ports/runtime'
import { type Classified, classifyScreen } from '@mosaic/domain/screen-rules'
import type { SignalBody } from '@mosaic/domain/signal'
import { findInScreen } from './find-in-screen.ts'

/** How long, and how often, the screen is looked at for what became of a message, milliseconds. */
const WATCH_MS = 6_000
const LOOK_MS = 400

const refused = (because: NativeRefusal['because'], detail: string): NativeRefusal => ({ outcome: 'refused', because, detail })
const pause = (delayMs: number) => new Promise<void>((resolve) => setTimeout(resolve, delayMs))

/** Why nothing is typed into this screen; `undefined` when it takes input. */
function objection({ activity, line }: Classified, runtime: string): NativeRefusal | undefined {
  if (activity === 'idle') return undefined
  if (activity === 'waiting') return refused('dialog', line ?? 'a question is open')
  if (activity === 'draft') return refused('draft', 'its composer holds text that was not sent')
  if (activity === 'busy') return refused('unavailable', `${runtime} is busy, and takes a message when it is idle`)
  return refused('unavailable', `its screen is none of those that runtimes.${runtime}.screen describes`)
}

class ScreenSession implements RuntimeSession {
  readonly #context: ConnectContext
  readonly #sinks = new Set<(signal: SignalBody) => void>()

  constructor(context: ConnectContext) {
    this.#context = context
  }

  /** The screen is looked at; nothing in it answers. */
  async ask(): Promise<RuntimeAnswer | undefined> {
    const { activity, line } = await this.#look()
    const known = activity === 'unknown' ? 'busy' : activity
    const detail = activity === 'unknown' ? 'an unknown screen' : activity === 'waiting' ? line : null
    return { pid: this.#context.pid, activity: known, detail, ready: true, turn: 0, model: null, contextUsed: null }
  }

  observe(sink: (signal: SignalBody) => void): Disposable {
    this.#sinks.add(sink)
    return { [Symbol.dispose]: () => void this.#sinks.delete(sink) }
  }

  async whileNoQuestion<T>(type: () => Promise<T>, message: Message): Promise<{ outcome: 'typed'; result: T } | NativeRefusal> {
    const before = await this.#context.screen()
    const objected = objection(this.#classify(before), this.#context.agent.runtime)
    if (objected !== undefined) return objected
    const result = await type()
    void this.#watch(before, message.id)
    return { outcome: 'typed', result }
  }

  async reset(): Promise<'none'> {
    return 'none'
  }

  /** Taken when the screen shows the message and the composer does not hold it any more. */
  async #watch(before: string, id: string): Promise<void> {
    for (let waitedMs = 0; waitedMs < WATCH_MS; waitedMs += LOOK_MS) {
      await pause(LOOK_MS)
      const now = await this.#context.screen().catch(() => '')
      const { activity } = this.#classify(now)
      if (now.trim() === '' || now === before || !now.includes(id)) continue
      if (activity !== 'idle' && activity !== 'busy') continue
      for (const sink of this.#sinks) sink({ kind: 'accepted', id, mode: 'turn' })
      return
    }
  }

  async #look(): Promise<Classified> {
    return this.#classify(await this.#context.screen())
  }

  #classify(text: string): Classified {
    const { screenRules } = this.#context.agent
    return screenRules === undefined ? { activity: 'unknown', line: null } : classifyScreen(text, screenRules, findInScreen)
  }
}

export function customAdapter(agent: Pick<AgentDefinition, 'runtime' | 'screenRules'>): RuntimeAdapter {
  const { runtime, screenRules } = agent
  return {
    id: runtime,
    acceptanceSignal: 'screen:changed',
    heartbeat: 'process',
    dropsDuplicates: false,
    submitKey: screenRules?.submit_key ?? 'Enter',
    locate: async ({ command }) => {
      if (command !== undefined) return { argv: command, version: 'custom' }
      throw new FleetError('missing', `the runtime ${runtime} has no command`, {
        mend: `name it in the roster: runtimes.${runtime}.command`,
      })
    },
    launch: ({ program }) => ({ argv: program.argv, env: {}, inherit: [] }),
    connect: (context) => new ScreenSession(context),
    // Its command is recognised as every command of a roster is.
    recognises: () => false,
  }
}
