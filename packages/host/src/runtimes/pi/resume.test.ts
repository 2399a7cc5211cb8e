import { describe, expect, test } from 'vitest'
import type { PiEntry } from './pi-api.ts'
import { unfinishedIn } from './resume.ts'

const id = (index: number) => `01kb000000000000000000000${index}`
const pending = (...indices: number[]) => indices.map((index) => ({ id: id(index), text: `text ${index}`, begun: 0 }))
const user = (index: number): PiEntry => ({
  type: 'message',
  message: { role: 'user', content: [{ type: 'text', text: `[t@h:operator -> t@h:a0 #${id(index)}]\ntext` }] },
})
const assistant = (stopReason: string): PiEntry => ({ type: 'message', message: { role: 'assistant', stopReason } })
const tool: PiEntry = { type: 'message', message: { role: 'toolResult' } }
const other: PiEntry = { type: 'model_change' }

describe('messages that pi accepted before it was killed', () => {
  test('are given again when the conversation does not have them', () => {
    expect(unfinishedIn([other, user(1), assistant('stop')], pending(2))).toEqual({ lost: pending(2), interrupted: [], answered: [] })
  })

  test.each([
    ['no answer at all', [user(1)]],
    ['a tool call', [user(1), assistant('toolUse')]],
    ['a result of a tool', [user(1), assistant('toolUse'), tool]],
    ['a failed call', [user(1), assistant('error')]],
  ])('are gone on with after %s', (_what, branch) => {
    expect(unfinishedIn(branch, pending(1))).toEqual({ lost: [], interrupted: [id(1)], answered: [] })
  })

  test.each(['stop', 'length', 'aborted'])('are done with after an answer that ended by %s', (reason) => {
    expect(unfinishedIn([user(1), assistant(reason)], pending(1))).toEqual({ lost: [], interrupted: [], answered: [id(1)] })
  })

  test('are each in their own state', () => {
    const branch = [user(1), assistant('stop'), user(2), assistant('toolUse'), tool]
    expect(unfinishedIn(branch, pending(1, 2, 3))).toEqual({ lost: pending(3), interrupted: [id(2)], answered: [id(1)] })
    expect(unfinishedIn([], [])).toEqual({ lost: [], interrupted: [], answered: [] })
  })
})
