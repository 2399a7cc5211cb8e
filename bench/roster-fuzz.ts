/**
 * How long a roster takes to be read or refused, against the bound of 100 ms: 20,000 fuzzed ones, and the largest that the
 * limits let through. What is judged is the processor time of this thread, as a ratio to the bound.
 *
 *   node bench/roster-fuzz.ts [count] [seed]
 */

import { readRosterText } from '@mosaic/host/roster-file/read-roster'
import { fuzzedRosters } from '@mosaic/testkit/fuzzed-rosters'

const BOUND_MS = 100

const count = Number(process.argv[2] ?? 20_000)
const seed = Number(process.argv[3] ?? 1)

interface Cost {
  wallMs: number
  /** Of this thread alone: what the machine's other work adds to the wall time is not in it. */
  cpuMs: number
}

function costOf(text: string): Cost {
  const cpu = process.threadCpuUsage()
  const start = performance.now()
  readRosterText(text, 'roster.yaml')
  const wallMs = performance.now() - start
  const { user, system } = process.threadCpuUsage(cpu)
  return { wallMs, cpuMs: (user + system) / 1000 }
}

function report(what: string, costs: readonly Cost[]): void {
  const wall = costs.map(({ wallMs }) => wallMs).sort((a, b) => a - b)
  const at = (share: number) => (wall[Math.min(wall.length - 1, Math.floor(wall.length * share))] ?? 0).toFixed(2)
  const ratio = Math.max(...costs.map(({ cpuMs }) => cpuMs)) / BOUND_MS
  const over = wall.filter((ms) => ms > BOUND_MS).length
  console.log(
    `${what}: p50 ${at(0.5)} ms, p99 ${at(0.99)} ms, max ${at(1)} ms (over ${BOUND_MS} ms: ${over} of ${wall.length}); ` +
      `most processor time ${ratio.toFixed(2)}x of ${BOUND_MS} ms: ${ratio > 1 ? 'MISS' : 'pass'}`,
  )
}

const roster = (agents: number, entry: (index: number) => string): string =>
  `version: 1\ndefaults: {runtime: stub}\nagents:\n${Array.from({ length: agents }, (_, index) => entry(index)).join('')}`

const LARGEST: Readonly<Record<string, string>> = {
  '850 agents of four keys': roster(
    850,
    (index) => `  - name: coder${index}\n    runtime: stub\n    class: coder\n    working_directory: ~/w/${index}\n`,
  ),
  '850 faulty agents of four keys': roster(
    850,
    (index) => `  - name: coder.${index}\n    runtim: stub\n    class: cder\n    working_directory: w/${index}\n`,
  ),
  'one key too many for the limit': 'a:\n'.repeat(50_000),
  '256 KiB of text': `version: 1\nagents: []\n# ${'x\n# '.repeat(87_000)}`,
  '256 KiB on one line': `version: "${'x'.repeat(262_000)}"`,
  'an error for every byte': `[${','.repeat(29_000)}]`,
}

console.log(`${count} fuzzed rosters, seed ${seed}`)
const all: Cost[] = []
const byKind = new Map<string, Cost[]>()
for (const { kind, text } of fuzzedRosters(seed, count)) {
  const cost = costOf(text)
  const costs = byKind.get(kind) ?? []
  byKind.set(kind, costs)
  costs.push(cost)
  all.push(cost)
}
report('all', all)
report('the first 20, in a fresh process', all.slice(0, 20))
for (const [kind, costs] of byKind) report(`  ${kind}`, costs)
for (const [what, text] of Object.entries(LARGEST))
  report(
    `  ${what}`,
    Array.from({ length: 20 }, () => costOf(text)),
  )
