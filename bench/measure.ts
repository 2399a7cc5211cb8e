/** Measuring on a machine that others use too: what is compared runs in turns, round by round, and is told as medians. */

const sorted = (samples: readonly number[]): number[] => [...samples].sort((a, b) => a - b)

/** The value below which `share` (0 to 1) of the samples lie, interpolated; NaN without samples. */
export function percentile(samples: readonly number[], share: number): number {
  const values = sorted(samples)
  const at = (values.length - 1) * share
  const low = values[Math.floor(at)] ?? Number.NaN
  const high = values[Math.ceil(at)] ?? Number.NaN
  return low + (high - low) * (at - Math.floor(at))
}

export const median = (samples: readonly number[]): number => percentile(samples, 0.5)
export const p95 = (samples: readonly number[]): number => percentile(samples, 0.95)

/** Wall time of an act, milliseconds. */
export async function wallMs(act: () => unknown): Promise<number> {
  const startMs = performance.now()
  await act()
  return performance.now() - startMs
}

/** One side of a comparison: does the thing once, and says what it measured. */
export type Side = () => Promise<number>

/**
 * Runs every side once per round, each round beginning with another side, so that a change of the machine's load meets all of
 * them. One round before that is not counted: it fills caches.
 */
export async function interleaved<Name extends string>(
  sides: Readonly<Record<Name, Side>>,
  rounds: number,
): Promise<Record<Name, number[]>> {
  const names = Object.keys(sides) as Name[]
  const samples = Object.fromEntries(names.map((name) => [name, [] as number[]])) as Record<Name, number[]>
  for (let round = -1; round < rounds; round += 1) {
    for (let turn = 0; turn < names.length; turn += 1) {
      const name = names[(turn + round + 1) % names.length] as Name
      const value = await sides[name]()
      if (round >= 0) samples[name].push(value)
    }
  }
  return samples
}
