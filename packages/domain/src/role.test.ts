import { expect, test } from 'vitest'
import { AGENT_CLASSES, CLASS_SUMMARY, classOfName } from './role.ts'

test('every class is one line of purpose that stands in a table', () => {
  for (const known of AGENT_CLASSES) expect(CLASS_SUMMARY[known]).toMatch(/^[^|\n]{10,90}$/)
})

test.each([
  ['orchestrator', 'orchestrator'],
  ['coder0', 'coder'],
  ['coder-12', 'coder'],
  ['coder_3', 'coder'],
  ['code-reviewer1', 'code-reviewer'],
  ['board-technical', 'board-technical'],
  ['coders', 'worker'],
  ['coder-x', 'worker'],
  ['7', 'worker'],
  ['constructor', 'worker'],
])('an agent named %s and nothing else is of class %s', (name, expected) => {
  expect(classOfName(name)).toBe(expected)
})
