import { answerProblem, fuzzedRosters } from '@mosaic/testkit/fuzzed-rosters'
import { tempHome } from '@mosaic/testkit/temp-home'
import { expect, test } from 'vitest'
import { lastGoodOver } from '../fixtures/fuzzed-fleet.ts'
import { readRosterText } from './read-roster.ts'

const COUNT = 20_000
const SEED = Number(process.env['FUZZ_SEED'] ?? 20_261_126)

test('20,000 fuzzed rosters are each read or refused with faults that stand in the file', { timeout: 600_000 }, () => {
  let good = 0
  let slowest = { ms: 0, kind: '', length: 0 }
  // Of this thread: a busy machine adds to the wall time, not to this.
  let mostCpuMs = 0
  for (const { kind, text } of fuzzedRosters(SEED, COUNT)) {
    const cpu = process.threadCpuUsage()
    const start = performance.now()
    const reading = readRosterText(text, 'roster.yaml')
    const ms = performance.now() - start
    const { user, system } = process.threadCpuUsage(cpu)
    mostCpuMs = Math.max(mostCpuMs, (user + system) / 1000)
    if (ms > slowest.ms) slowest = { ms, kind, length: text.length }
    if (reading.ok) good += 1
    const problem = answerProblem(text, reading)
    if (problem !== undefined) expect.fail(`${problem} (${kind}): ${JSON.stringify(text.slice(0, 4000))}`)
  }
  const { ms, kind, length } = slowest
  const most = `slowest ${ms.toFixed(1)} ms (${kind}, ${length} characters), most processor time ${mostCpuMs.toFixed(1)} ms`
  console.log(`${COUNT} rosters, seed ${SEED}: ${good} good, ${most}`)
  expect(good).toBeGreaterThan(COUNT / 20)
})

test('a running fleet keeps its last good roster, and says why, over each faulty one of 20,000', { timeout: 600_000 }, async () => {
  await using home = await tempHome()
  const texts = Array.from(fuzzedRosters(SEED, COUNT), ({ text }) => text)
  const { problems, good, faulty } = await lastGoodOver(home.root, texts)
  expect(problems).toEqual([])
  expect(Math.min(good, faulty)).toBeGreaterThan(COUNT / 20)
})
