import { expect, test } from 'vitest'
import { commandCompleter } from './complete-commands.ts'

const complete = commandCompleter({ home: '/srv/my fleet', roster: '/etc/r.yaml' })
const START = "mosaic --mosaic-home '/srv/my fleet' --roster /etc/r.yaml"

test('every command in a text gets the options that were given, once', () => {
  const text = complete('mosaic fleet stop && mosaic fleet up; see "mosaic agent list"')
  expect(text).toBe(`${START} fleet stop && ${START} fleet up; see "${START} agent list"`)
  expect(complete(text)).toBe(text)
})

test('a command is completed where a line or a colour ends within it', () => {
  expect(complete('see mosaic\n  fleet ps')).toBe(`see ${START}\n  fleet ps`)
  expect(complete('see mosaic\u001b[39m\n\u001b[33mfleet ps')).toBe(`see ${START}\u001b[39m\n\u001b[33mfleet ps`)
})

test('prose, another host, and commands that name their places stay as they are', () => {
  for (const text of [
    'mosaic: interrupted',
    'the same version of mosaic on both ends',
    'ssh box mosaic agent send a',
    'mosaic --roster r fleet up',
  ]) {
    expect(complete(text)).toBe(text)
  }
})

test('without such options nothing changes', () => {
  expect(commandCompleter({})('mosaic fleet up')).toBe('mosaic fleet up')
})

test('a quote in a path stays one word of the shell', () => {
  expect(commandCompleter({ home: "/it's" })('mosaic fleet up')).toBe("mosaic --mosaic-home '/it'\\''s' fleet up")
})
