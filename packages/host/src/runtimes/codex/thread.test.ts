import { expect, test } from 'vitest'
import { errorSignal } from './failure.ts'
import { questionOf } from './thread.ts'

test('a question is what codex asks for, with its reason', () => {
  expect(questionOf('item/commandExecution/requestApproval', { command: 'ls', reason: 'to see' })).toBe('ls (to see)')
  expect(questionOf('item/tool/requestUserInput', { questions: [{ question: 'Which?' }] })).toBe('Which?')
  expect(questionOf('item/fileChange/requestApproval', {})).toBe('fileChange')
})

test('of a long question, and of a long failure, the beginning is told', () => {
  const long = 'x'.repeat(100_000)
  expect(questionOf('m', { command: `rm ${long}`, reason: long })).toBe(`rm ${long}`.slice(0, 500))
  expect(errorSignal({ message: 'm', additional_details: long }).detail).toBe(`m: ${long}`.slice(0, 1000))
})
