import { expect, test } from 'vitest'
import { promptIds } from './message-id.ts'

const at = (createdAtMs: number, id = '01hq00000000000000000000aa') => promptIds({ id, createdAtMs }, 'ses_one').messageID

test('the same message in the same conversation has the same id, and another in each other one', () => {
  const message = { id: '01hq00000000000000000000aa', createdAtMs: 1_795_716_321_844 }
  expect(promptIds(message, 'ses_one')).toEqual(promptIds({ ...message }, 'ses_one'))
  expect(promptIds(message, 'ses_one').messageID).not.toBe(promptIds(message, 'ses_two').messageID)
  expect(at(5)).not.toBe(at(5, '01hq00000000000000000000bb'))
})

test('ids have the form of those that OpenCode makes, and stand in the order of time among them', () => {
  // Made by OpenCode 1.18.33 at this time.
  const theirs = 'msg_219091fa50015B7DoZRyOmp9cB'
  const madeAtMs = 1_795_716_358_053
  expect(at(madeAtMs)).toMatch(/^msg_[0-9a-f]{26}$/)
  expect(at(madeAtMs)).toHaveLength(theirs.length)
  expect(at(madeAtMs - 1000) < theirs && theirs < at(madeAtMs + 1000)).toBe(true)
})
