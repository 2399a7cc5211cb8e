import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { RECORD_FILE, SessionRecord } from './session-record.ts'

let directory = ''
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'mosaic-ocr-'))
})
afterEach(() => rmSync(directory, { recursive: true, force: true }))
const again = () => SessionRecord.in(directory)

test('keeps its conversation, its turns and what was said over restarts', () => {
  const record = again()
  record.enter('ses_one', 1)
  expect(record.beginTurn('msg_1')).toBe(1)
  record.noteSaid('m1')
  expect([again().current, again().turn, again().turnOf, again().hasSaid('m1'), again().hasSaid('m2')]).toEqual([
    'ses_one',
    1,
    'msg_1',
    true,
    false,
  ])
})

test('begins to count turns anew in a new conversation, and knows where an older message may be', () => {
  const record = again()
  record.enter('ses_one', 1)
  record.beginTurn('msg_1')
  record.enter('ses_two', 1000)
  expect([record.current, record.turn, record.turnOf]).toEqual(['ses_two', 0, undefined])
  expect(record.holding(500)).toEqual(['ses_two', 'ses_one'])
  expect(record.holding(1001)).toEqual(['ses_two'])
})

test('has no current conversation after it was left', () => {
  const record = again()
  record.enter('ses_one', 1)
  record.leave(5)
  expect(again().current).toBeUndefined()
  expect(again().holding(3)).toEqual(['ses_one'])
})

test('forgets the oldest of what was said', () => {
  const record = again()
  for (let index = 0; index < 500; index += 1) record.noteSaid(`m${index}`)
  expect([again().hasSaid('m0'), again().hasSaid('m499')]).toEqual([false, true])
})

test('counts how often the same message was taken up', () => {
  const record = again()
  expect([record.takeUp('m1'), record.takeUp('m1'), again().takeUp('m1'), again().takeUp('m2')]).toEqual([1, 2, 3, 1])
})

test.each(['', 'nonsense', 'null', '{"conversations":[{"id":"../../etc"}],"said":[1]}'])(
  'begins empty after a file that holds %j',
  (text) => {
    writeFileSync(join(directory, RECORD_FILE), text)
    expect([again().current, again().turn, again().hasSaid('1')]).toEqual([undefined, 0, false])
  },
)
