/** The known word that a mistyped one stands for: the "did you mean" of every message. */

/** Longer words are not compared: the comparison costs the product of both lengths. */
const MAX_LENGTH = 64
/** A shorter beginning fits too many words. */
const MIN_BEGINNING = 4

/** Insertions, deletions, replacements and swaps of neighbours between `a` and `b`. */
export function editDistance(a: string, b: string): number {
  let beforeLast: number[] = []
  let last = Array.from({ length: b.length + 1 }, (_, column) => column)
  for (let row = 1; row <= a.length; row += 1) {
    const current = [row]
    for (let column = 1; column <= b.length; column += 1) {
      const replaced = (last[column - 1] ?? 0) + (a[row - 1] === b[column - 1] ? 0 : 1)
      let cost = Math.min((last[column] ?? 0) + 1, (current[column - 1] ?? 0) + 1, replaced)
      if (row > 1 && column > 1 && a[row - 1] === b[column - 2] && a[row - 2] === b[column - 1]) {
        cost = Math.min(cost, (beforeLast[column - 2] ?? 0) + 1)
      }
      current.push(cost)
    }
    beforeLast = last
    last = current
  }
  return last[b.length] ?? 0
}

/** The nearest of `known`, or `undefined` when none is near: a third of the letters differ at most. */
export function closest(word: string, known: Iterable<string>): string | undefined {
  if (word.length === 0 || word.length > MAX_LENGTH) return undefined
  const lower = word.toLowerCase()
  let best: { candidate: string; distance: number } | undefined
  for (const candidate of known) {
    if (candidate.length > MAX_LENGTH) continue
    // `model` for `model_hint`, `working_dir` for `working_directory`: the beginning is what people remember.
    const begins = lower.length >= MIN_BEGINNING && candidate.startsWith(lower)
    const distance = begins ? 1 : editDistance(lower, candidate.toLowerCase())
    if (distance > Math.max(1, Math.floor(Math.max(word.length, candidate.length) / 3))) continue
    if (best === undefined || distance < best.distance) best = { candidate, distance }
  }
  return best?.candidate
}
