import { expect, test } from 'vitest'
import { mentionsJson, normaliseArgv } from './argv.ts'

test.each([
  ['help', '--help'],
  ['help fleet ps', 'fleet ps --help'],
  ['fleet help ps', 'fleet ps --help'],
  ['agent --new coder1', 'agent new coder1'],
  ['--mosaic-home /x agent --json --show coder1', '--mosaic-home /x agent --json show coder1'],
  ['--roster=/x agent --edit coder1 --model m', '--roster=/x agent edit coder1 --model m'],
  ['fleet ps --watch', 'fleet ps --watch'],
])('%j is read as %j', (given, read) => {
  expect(normaliseArgv(given.split(' '))).toEqual(read.split(' '))
})

test.each([
  ['an agent called help', ['agent', 'send', 'help', '--message', 'x']],
  ['a message that says --new', ['agent', 'send', 'x', '--message', '--new']],
  ['a home called help', ['--mosaic-home', 'help', 'fleet', 'ps']],
  ['no words', []],
])('%s is left as it is', (_, argv) => {
  expect(normaliseArgv(argv)).toEqual(argv)
})

test('JSON is wanted when it is asked for as an option', () => {
  expect(mentionsJson(['fleet', 'ps', '--json'])).toBe(true)
  expect(mentionsJson(['fleet', 'add', 'x', '--', '--json'])).toBe(false)
})
