import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { answerProblem, fuzzedRosters } from '@mosaic/testkit/fuzzed-rosters'
import { tempHome } from '@mosaic/testkit/temp-home'
import { expect, test } from 'vitest'
import { lastGoodOver } from '../fixtures/fuzzed-fleet.ts'
import { loadRoster, readRosterText, rosterError } from './read-roster.ts'

test('1,000 fuzzed rosters are each read or refused with faults that stand in the file', () => {
  const answers = { good: 0, faulty: 0 }
  for (const { kind, text } of fuzzedRosters(1, 1000)) {
    const reading = readRosterText(text, 'roster.yaml')
    expect(answerProblem(text, reading), `${kind}: ${JSON.stringify(text.slice(0, 2000))}`).toBeUndefined()
    if (reading.ok) answers.good += 1
    else {
      answers.faulty += 1
      expect(rosterError(reading.faults).message.replaceAll('\n', '')).not.toMatch(/[\u0000-\u001f\u007f-\u009f]/)
    }
  }
  // Both kinds occur, else the fuzzing proves little.
  expect(Math.min(answers.good, answers.faulty)).toBeGreaterThan(50)
})

test('files of broken bytes are refused as those of broken text are', () => {
  const directory = mkdtempSync(join(tmpdir(), 'mosaic-fuzz-'))
  try {
    const file = join(directory, 'roster.yaml')
    let seed = 1
    for (const { text } of fuzzedRosters(2, 200)) {
      const bytes = Buffer.from(text)
      seed = (seed * 48_271) % 2_147_483_647
      if (bytes.length > 0) bytes[seed % bytes.length] = seed & 0xff
      writeFileSync(file, bytes)
      expect(answerProblem(bytes.toString('utf8'), loadRoster(file))).toBeUndefined()
    }
  } finally {
    rmSync(directory, { recursive: true, force: true })
  }
})

test('a running fleet keeps its last good roster, and says why, over each faulty one of 300', async () => {
  await using home = await tempHome()
  const texts = Array.from(fuzzedRosters(3, 300), ({ text }) => text)
  const { problems, good, faulty } = await lastGoodOver(home.root, texts)
  expect(problems).toEqual([])
  expect(Math.min(good, faulty)).toBeGreaterThan(300 / 20)
})
