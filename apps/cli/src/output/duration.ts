/** Spans of time in few characters. */

/** `0s`, `12s`, `4m`, `3h`, `2d`: enough for a column. Seconds in. */
export function shortDuration(seconds: number): string {
  if (seconds < 0) return `-${shortDuration(-seconds)}`
  if (seconds < 99.5) return `${Math.round(seconds)}s`
  if (seconds < 99.5 * 60) return `${Math.round(seconds / 60)}m`
  if (seconds < 48 * 3600) return `${Math.round(seconds / 3600)}h`
  return `${Math.round(seconds / 86_400)}d`
}

/** `34 ms`, `1.2 s`, `75 s`. Milliseconds in. */
export function inWords(ms: number): string {
  if (ms < 999.5) return `${Math.round(ms)} ms`
  return ms < 9950 ? `${(ms / 1000).toFixed(1)} s` : `${Math.round(ms / 1000)} s`
}
