/** What the scripted terminal program does, and when. */

import { amount, either, flag, listOf, oneKeyOf, oneOf, parseChecked, shape, text } from '../json-shape.ts'

/** Exactly one key. */
export type When =
  /** At the start, before anything is drawn or said. */
  | { start: true }
  /** Since it is ready, milliseconds. */
  | { afterMs: number }
  /** When the k-th submit has come, before a word is said about it. */
  | { received: number | 'each' }
  /** When the k-th submit is accepted. */
  | { submit: number | 'each' }
  /** Whenever this file appears; also when it is there at the start already. */
  | { file: string }

/** Exactly one key. */
export type Act =
  /** Busy for so long, milliseconds; what is submitted meanwhile is queued. */
  | { think: number }
  /** Ends what it thinks about right now. */
  | { settle: true }
  /** Does nothing at all any more: `spin` uses a processor, `sleep` does not. At most `forMs` (10 minutes). */
  | { hang: { how?: 'spin' | 'sleep'; forMs?: number } }
  | { die: { code: number } | { signal: NodeJS.Signals } }
  | { garbage: GarbageOptions }
  /** From now on input is read and never accepted. */
  | { swallow: boolean }
  /** Opens a permission dialog with this text, in which Enter approves. */
  | { dialog: string }
  /** As if a person had answered it elsewhere. */
  | { closeDialog: true }
  | { bracketedPaste: boolean }
  | { ignoreSignals: NodeJS.Signals[] }
  /** Starts a process in a session of its own, which outlives this one: at most `forMs` (10 minutes). */
  | { spawnChild: { forMs?: number } }

export interface GarbageOptions {
  /** Absent: without end. */
  forMs?: number
  /** At most 1,000,000. */
  bytesPerSecond?: number
  seed?: number
  /** False leaves out what makes the terminal answer: those answers arrive as input. */
  queries?: boolean
}

export interface AgentScript {
  prompt?: string
  alternateScreen?: boolean
  /** Until then input is not read, milliseconds. */
  readyAfterMs?: number
  /** Speaks the runtime protocol: heartbeat, journal, link. */
  cooperative?: boolean
  rules?: readonly { when: When; do: Act }[]
}

const SIGNALS = ['SIGTERM', 'SIGHUP', 'SIGINT', 'SIGKILL', 'SIGSEGV', 'SIGABRT', 'SIGQUIT', 'SIGUSR1', 'SIGUSR2', 'SIGPIPE'] as const
const yes = oneOf([true])
const count = either(oneOf(['each']), amount)

const when = oneKeyOf({ start: yes, afterMs: amount, received: count, submit: count, file: text })

const act = oneKeyOf({
  think: amount,
  settle: yes,
  hang: shape({ how: oneOf(['spin', 'sleep']), forMs: amount }),
  die: oneKeyOf({ code: amount, signal: oneOf(SIGNALS) }),
  garbage: shape({ forMs: amount, bytesPerSecond: amount, seed: amount, queries: flag }),
  swallow: flag,
  dialog: text,
  closeDialog: yes,
  bracketedPaste: flag,
  ignoreSignals: listOf(oneOf(SIGNALS)),
  spawnChild: shape({ forMs: amount }),
})

const script = shape({
  prompt: text,
  alternateScreen: flag,
  readyAfterMs: amount,
  cooperative: flag,
  rules: listOf(shape({ when, do: act }, ['when', 'do'])),
})

/** @throws FleetError `invalid` that names the place and what was expected there */
export const parseAgentScript = (json: string): AgentScript => parseChecked(json, script, 'script')

/** Later scripts win; rules of all are kept, in order. */
export const joinScripts = (scripts: readonly AgentScript[]): AgentScript => ({
  ...Object.assign({}, ...scripts),
  rules: scripts.flatMap((one) => one.rules ?? []),
})
