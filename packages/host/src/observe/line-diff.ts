/** What a text has that an earlier one had not. */

/**
 * Lines of `now` that are not part of the longest common subsequence with `before`, in their order, and whether anything was
 * common. `firstCommon` is the index in `now` of the first line that both have.
 */
export function insertedLines(before: readonly string[], now: readonly string[]): { inserted: string[]; firstCommon: number | undefined } {
  const common = commonLines(before, now)
  const inserted = now.filter((_, index) => !common.has(index))
  const [firstCommon] = common
  return { inserted, firstCommon }
}

/** Indexes in `now` of a longest common subsequence, ascending. */
function commonLines(before: readonly string[], now: readonly string[]): Set<number> {
  const width = now.length + 1
  // lengths[i * width + j]: of the longest common subsequence of before[i..] and now[j..]
  const lengths = new Uint16Array((before.length + 1) * width)
  const length = (i: number, j: number): number => lengths[i * width + j] ?? 0
  for (let i = before.length - 1; i >= 0; i -= 1) {
    for (let j = now.length - 1; j >= 0; j -= 1) {
      lengths[i * width + j] = before[i] === now[j] ? length(i + 1, j + 1) + 1 : Math.max(length(i + 1, j), length(i, j + 1))
    }
  }
  const common = new Set<number>()
  for (let i = 0, j = 0; i < before.length && j < now.length; ) {
    if (before[i] === now[j]) {
      common.add(j)
      i += 1
      j += 1
    } else if (length(i + 1, j) >= length(i, j + 1)) i += 1
    else j += 1
  }
  return common
}

/** Without the empty lines at its end. */
export function withoutBlankEnd(lines: readonly string[]): string[] {
  const last = lines.findLastIndex((line) => line.trim() !== '')
  return lines.slice(0, last + 1)
}
