/**
 * An agent's supervised life as a total table: every state answers every event.
 *
 * Three facts stay apart: *wanted* (what the operator asked), *up* (this table), *ready* (the runtime answered).
 */

export const LIFE_STATES = ['down', 'starting', 'up', 'stopping', 'backoff', 'failed'] as const
export type LifeState = (typeof LIFE_STATES)[number]

export const LIFE_EVENTS = [
  /** The operator wants it running. */
  'want_up',
  /** The operator wants it stopped. */
  'want_down',
  /** The session exists and its process runs (also: found alive by a supervisor that came back). */
  'launched',
  /** The session could not be made. */
  'launch_failed',
  /** The pane's process or its session is gone. */
  'died',
  /** The backoff delay is over. */
  'retry_due',
  /** Too many restarts within the window. */
  'give_up',
] as const
export type LifeEvent = (typeof LIFE_EVENTS)[number]

export const LIFE_ACTIONS = ['none', 'launch', 'kill', 'arm_retry', 'report_failed'] as const
export type LifeAction = (typeof LIFE_ACTIONS)[number]

export interface LifeStep {
  to: LifeState
  do: LifeAction
}

const step = (to: LifeState, action: LifeAction = 'none'): LifeStep => ({ to, do: action })

export const LIFE_TABLE: Readonly<Record<LifeState, Readonly<Record<LifeEvent, LifeStep>>>> = {
  down: {
    want_up: step('starting', 'launch'),
    want_down: step('down'),
    launched: step('stopping', 'kill'),
    launch_failed: step('down'),
    died: step('down'),
    retry_due: step('down'),
    give_up: step('down'),
  },
  starting: {
    want_up: step('starting'),
    want_down: step('stopping', 'kill'),
    launched: step('up'),
    launch_failed: step('backoff', 'arm_retry'),
    died: step('backoff', 'arm_retry'),
    retry_due: step('starting'),
    give_up: step('failed', 'report_failed'),
  },
  up: {
    want_up: step('up'),
    want_down: step('stopping', 'kill'),
    launched: step('up'),
    launch_failed: step('up'),
    died: step('backoff', 'arm_retry'),
    retry_due: step('up'),
    give_up: step('failed', 'report_failed'),
  },
  // A start that arrives while stopping is kept as *wanted* and acted on when the end is seen.
  stopping: {
    want_up: step('stopping'),
    want_down: step('stopping'),
    launched: step('stopping', 'kill'),
    launch_failed: step('down'),
    died: step('down'),
    retry_due: step('stopping'),
    give_up: step('stopping'),
  },
  backoff: {
    want_up: step('starting', 'launch'),
    want_down: step('down'),
    launched: step('up'),
    launch_failed: step('backoff'),
    died: step('backoff'),
    retry_due: step('starting', 'launch'),
    give_up: step('failed', 'report_failed'),
  },
  failed: {
    want_up: step('starting', 'launch'),
    want_down: step('down'),
    launched: step('up'),
    launch_failed: step('failed'),
    died: step('failed'),
    retry_due: step('failed'),
    give_up: step('failed'),
  },
}

export const nextLife = (state: LifeState, event: LifeEvent): LifeStep => LIFE_TABLE[state][event]

/** How restarts are paced and bounded. Times in milliseconds. */
export interface RestartPolicy {
  firstDelayMs: number
  maxDelayMs: number
  /** Delay multiplier per consecutive death. */
  factor: number
  /** More than this many deaths within `windowMs` is a crash loop. */
  maxRestarts: number
  windowMs: number
  /** A life of at least this long resets the delay to the first. */
  stableMs: number
}

export const DEFAULT_RESTART_POLICY: RestartPolicy = {
  firstDelayMs: 250,
  maxDelayMs: 30_000,
  factor: 2,
  maxRestarts: 5,
  windowMs: 60_000,
  stableMs: 30_000,
}

/** The delay before restart number `consecutive` (1 for the first), in milliseconds. */
export function restartDelayMs(policy: RestartPolicy, consecutive: number): number {
  const exponent = Math.max(0, consecutive - 1)
  return Math.min(policy.maxDelayMs, policy.firstDelayMs * policy.factor ** exponent)
}

/** True when the deaths at these times (ms, any one clock) are more than the policy bears at `nowMs`. */
export function exceedsIntensity(policy: RestartPolicy, deathsMs: readonly number[], nowMs: number): boolean {
  return deathsMs.filter((at) => nowMs - at < policy.windowMs).length > policy.maxRestarts
}
