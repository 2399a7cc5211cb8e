/**
 * Heartbeat version 1: `key=value` lines that a runtime (or a probe of it) writes, and the judgement of health from them.
 * Health is an answer in time; a living process or pane proves only itself.
 */

export const DEFAULT_HEARTBEAT_INTERVAL_MS = 15_000
/** Bounds of an interval, seconds. Below, a runtime would do nothing but answer, and a timer of less than 1 ms fires without end. */
export const MIN_HEARTBEAT_INTERVAL_S = 0.1
export const MAX_HEARTBEAT_INTERVAL_S = 3600
/** An answer is late after this many intervals. */
export const STALE_AFTER_INTERVALS = 3
/** How far ahead of the observer's clock a stamp may be before it is disbelieved, in milliseconds. */
export const FUTURE_TOLERANCE_MS = 5_000
/** How long a launched agent may take to its first answer before it counts as `unknown`, in milliseconds. */
export const START_GRACE_MS = 60_000
/** A heartbeat file larger than this many bytes is not read. */
export const MAX_HEARTBEAT_BYTES = 4096

export const HEARTBEAT_STATUSES = ['ok', 'busy', 'waiting'] as const
export type HeartbeatStatus = (typeof HEARTBEAT_STATUSES)[number]
export const HEARTBEAT_SOURCES = ['runtime', 'probe', 'sidecar'] as const
export type HeartbeatSource = (typeof HEARTBEAT_SOURCES)[number]

export interface Heartbeat {
  /** When the runtime answered, epoch milliseconds. */
  tsMs: number
  pid: number
  status: HeartbeatStatus
  source: HeartbeatSource
  model?: string
  /** Turns finished in this session. */
  turn?: number
  /** Tokens of context in use. */
  contextUsed?: number
  intervalMs?: number
}

export function formatHeartbeat(beat: Heartbeat): string {
  const lines = [`ts=${new Date(beat.tsMs).toISOString()}`, `pid=${beat.pid}`, `status=${beat.status}`, `source=${beat.source}`]
  if (beat.model !== undefined) lines.push(`model=${beat.model.replace(/\s+/g, ' ')}`)
  if (beat.turn !== undefined) lines.push(`turn=${beat.turn}`)
  if (beat.contextUsed !== undefined) lines.push(`context_used=${beat.contextUsed}`)
  if (beat.intervalMs !== undefined) lines.push(`interval=${beat.intervalMs / 1000}`)
  return `${lines.join('\n')}\n`
}

const naturalOf = (text: string | undefined): number | undefined =>
  text !== undefined && /^\d{1,15}$/.test(text) ? Number(text) : undefined

/** The heartbeat in `text`, or why it is none. Unknown keys are ignored, so that later versions stay readable. */
export function parseHeartbeat(text: string): Heartbeat | { problem: string } {
  if (text.length > MAX_HEARTBEAT_BYTES) return { problem: 'larger than 4 KiB' }
  const fields = new Map<string, string>()
  for (const line of text.split('\n')) {
    const at = line.indexOf('=')
    if (at > 0) fields.set(line.slice(0, at), line.slice(at + 1))
  }
  const stamp = fields.get('ts') ?? ''
  const tsMs = /^\d{4}-\d\d-\d\dT\d\d:\d\d/.test(stamp) ? Date.parse(stamp) : Number.NaN
  if (!Number.isFinite(tsMs)) return { problem: 'no ISO 8601 time in ts=' }
  const pid = naturalOf(fields.get('pid'))
  if (pid === undefined || pid < 1) return { problem: 'no process id in pid=' }
  const status = HEARTBEAT_STATUSES.find((known) => known === fields.get('status'))
  if (status === undefined) return { problem: 'status= is none of ok, busy, waiting' }
  const source = HEARTBEAT_SOURCES.find((known) => known === fields.get('source'))
  if (source === undefined) return { problem: 'source= is none of runtime, probe, sidecar' }
  const model = fields.get('model')
  const turn = naturalOf(fields.get('turn'))
  const contextUsed = naturalOf(fields.get('context_used'))
  const interval = Number(fields.get('interval') ?? Number.NaN)
  return {
    tsMs,
    pid,
    status,
    source,
    ...(model === undefined || model === '' ? {} : { model }),
    ...(turn === undefined ? {} : { turn }),
    ...(contextUsed === undefined ? {} : { contextUsed }),
    ...(Number.isFinite(interval) && interval > 0 ? { intervalMs: Math.max(1, Math.round(interval * 1000)) } : {}),
  }
}

export const HEALTHS = ['healthy', 'stale', 'unknown', 'dead', 'stopped', 'starting', 'wedged'] as const
export type Health = (typeof HEALTHS)[number]

export interface HealthFacts {
  /** False when nobody judged answers by a monotonic clock: the host service is down. */
  observerUp: boolean
  wanted: boolean
  /** `failed` after a crash loop. */
  failed: boolean
  pane: 'alive' | 'dead' | 'none'
  /** Whether this is the pane's own process or a descendant of it, as a heartbeat's writer must be. Absent: not checked. */
  paneIsParentOf?: (pid: number) => boolean
  /** Since launch, by the observer's monotonic clock. */
  upForMs: number
  /** The newest answer of this incarnation, if any. */
  beat: Heartbeat | undefined
  /** Why the newest heartbeat file could not be used. */
  beatProblem: string | undefined
  /** Since the newest answer was seen, by the observer's monotonic clock less its own stalls. */
  beatAgeMs: number | undefined
  intervalMs: number
  /** The stamp's lead over the observer's wall clock when it was seen, milliseconds; positive is the future. */
  beatLeadMs: number
  /** An answering runtime let its last message pass unaccepted. */
  unaccepted: boolean
}

export interface HealthVerdict {
  health: Health
  /** Why, when the word alone does not say it. */
  reason: string | undefined
}

const verdict = (health: Health, reason?: string): HealthVerdict => ({ health, reason })

/** The one judgement of health. Detection only: nothing is ever killed on this word. */
export function judgeHealth(facts: HealthFacts): HealthVerdict {
  if (facts.failed) return verdict('dead', 'failed: restarted too often')
  if (facts.pane !== 'alive') {
    return facts.wanted ? verdict('dead', facts.pane === 'dead' ? 'its process ended' : 'no session') : verdict('stopped')
  }
  if (!facts.observerUp) return verdict('unknown', 'observer down')
  if (facts.beatProblem !== undefined) return verdict('unknown', `heartbeat: ${facts.beatProblem}`)
  if (facts.beat === undefined || facts.beatAgeMs === undefined) {
    return facts.upForMs < START_GRACE_MS ? verdict('starting') : verdict('unknown', 'never answered')
  }
  if (facts.beatLeadMs > FUTURE_TOLERANCE_MS) return verdict('unknown', 'heartbeat: stamped in the future')
  if (facts.paneIsParentOf?.(facts.beat.pid) === false) {
    return verdict('unknown', `heartbeat: written by process ${facts.beat.pid}, which is not in the pane`)
  }
  if (facts.beat.source === 'sidecar') return verdict('unknown', 'only its process is proven (sidecar)')
  if (facts.beatAgeMs > facts.intervalMs * STALE_AFTER_INTERVALS) {
    return verdict('stale', `no answer for ${Math.round(facts.beatAgeMs / 1000)} s`)
  }
  return facts.unaccepted ? verdict('wedged', 'answers, but did not accept its last message') : verdict('healthy')
}
