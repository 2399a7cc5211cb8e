import { expect, test } from 'vitest'
import { type StoredMessage, storedMessageOf } from './api.ts'
import { leftUndone, trailingUserMessages } from './unfinished.ts'

const PREAMBLE = '[t@h:a -> t@h:b #01hq00000000000000000000aa]'

function stored(id: string, fields: Record<string, unknown>, text = ''): StoredMessage {
  const info = { id, sessionID: 'ses_1', time: { created: 1, completed: 2 }, ...fields }
  const message = storedMessageOf({ info, parts: text === '' ? [] : [{ id: `prt_${id}`, type: 'text', text }] })
  if (message === undefined) throw new Error('not a message')
  return message
}
const ours = (id: string) => stored(id, { role: 'user' }, `${PREAMBLE}\nhello`)
const persons = (id: string) => stored(id, { role: 'user' }, 'hello')
const answer = (id: string, parentID: string, more: Record<string, unknown> = {}) => stored(id, { role: 'assistant', parentID, ...more })

test('a message of ours behind the last answer is left undone, also in front of what a person wrote', () => {
  const messages = [ours('m1'), answer('a1', 'm1'), ours('m2'), persons('m3')]
  expect(leftUndone(messages, false)?.info.id).toBe('m2')
  expect(trailingUserMessages(messages).map(({ info }) => info.id)).toEqual(['m2', 'm3'])
})

test('what was answered, and what only a person wrote, is not taken up', () => {
  expect(leftUndone([ours('m1'), answer('a1', 'm1')], true)).toBeUndefined()
  expect(leftUndone([persons('m1')], true)).toBeUndefined()
  expect(leftUndone([], true)).toBeUndefined()
})

test('an answer that broke off with its process is taken up, one that a person broke off is not', () => {
  const brokenOff = { time: { created: 1 } }
  expect(leftUndone([ours('m1'), answer('a1', 'm1', brokenOff)], true)?.info.id).toBe('m1')
  expect(leftUndone([ours('m1'), answer('a1', 'm1', brokenOff)], false)).toBeUndefined()
  expect(leftUndone([persons('m1'), answer('a1', 'm1', brokenOff)], true)).toBeUndefined()
  const aborted = { time: { created: 1 }, error: { name: 'MessageAbortedError' } }
  expect(leftUndone([ours('m1'), answer('a1', 'm1', aborted)], true)).toBeUndefined()
})
