/** What each runtime last said of itself in its signal journal. */

import type { Clock } from '@mosaic/domain/ports/clock'
import type { Activity, LimitWindow, Signal } from '@mosaic/domain/signal'
import type { Heard, HeardError } from './snapshot.ts'
import type { UsageLedger } from './usage-ledger.ts'

interface Voice {
  ready: boolean
  activity: Activity | null
  detail: string | null
  activitySinceMs: number
  contextUsed: number | null
  contextLimit: number | null
  model: string | null
  compacting: boolean
  error: HeardError | null
  limits: readonly LimitWindow[]
}

const silent = (): Voice => ({
  ready: false,
  activity: null,
  detail: null,
  activitySinceMs: 0,
  contextUsed: null,
  contextLimit: null,
  model: null,
  compacting: false,
  error: null,
  limits: [],
})

/** What stays true until the runtime says otherwise. */
function noteState(voice: Voice, signal: Signal): void {
  if (signal.kind === 'context') {
    voice.contextUsed = signal.used
    voice.contextLimit = signal.limit ?? voice.contextLimit
  } else if (signal.kind === 'model') voice.model = signal.model
  else if (signal.kind === 'compaction') voice.compacting = signal.phase === 'started'
  else if (signal.kind === 'limits') voice.limits = signal.windows
  else if (signal.kind === 'error') voice.error = { reason: signal.reason, detail: signal.detail, untilMs: signal.until }
  else if (signal.kind === 'recovered') voice.error = null
}

function startOfDay(wallMs: number): number {
  const day = new Date(wallMs)
  day.setHours(0, 0, 0, 0)
  return day.getTime()
}

export class Voices {
  readonly #clock: Clock
  readonly #ledger: UsageLedger
  readonly #voices = new Map<string, Voice>()

  constructor(clock: Clock, ledger: UsageLedger) {
    this.#clock = clock
    this.#ledger = ledger
  }

  /** A new incarnation has said nothing yet. */
  forget(name: string): void {
    this.#voices.delete(name)
  }

  isReady(name: string): boolean {
    return this.#voices.get(name)?.ready ?? false
  }

  /** Takes in one signal. */
  hear(name: string, signal: Signal): void {
    const voice = this.#voices.get(name) ?? silent()
    this.#voices.set(name, voice)
    if (signal.kind === 'started' || signal.kind === 'stopped') Object.assign(voice, silent())
    else if (signal.kind === 'ready') voice.ready = true
    else if (signal.kind === 'turn') voice.activitySinceMs = this.#clock.monotonicMs()
    else if (signal.kind === 'activity') {
      if (voice.activity !== signal.activity) voice.activitySinceMs = this.#clock.monotonicMs()
      voice.activity = signal.activity
      voice.detail = signal.detail
    } else if (signal.kind === 'usage') {
      this.#ledger.add(name, signal)
      voice.model = signal.usage.model ?? voice.model
    } else noteState(voice, signal)
  }

  heard(name: string): Heard | undefined {
    const voice = this.#voices.get(name)
    const usage = this.#ledger.since(name, startOfDay(this.#clock.wallMs()))
    if (voice === undefined && usage === undefined) return undefined
    return {
      ...(voice ?? silent()),
      activityForMs: voice === undefined ? 0 : this.#clock.monotonicMs() - voice.activitySinceMs,
      spendTodayUsd: usage?.costUsd ?? null,
      tokensToday: usage?.tokens ?? null,
    }
  }
}
