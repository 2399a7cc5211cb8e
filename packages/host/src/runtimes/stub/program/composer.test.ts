import { describe, expect, test } from 'vitest'
import { Composer, edit } from './composer.ts'
import type { KeyName } from './key-parser.ts'

/** The text after the keys, with `|` for the cursor. */
function after(text: string, ...keys: (KeyName | { type: string })[]): string {
  const composer = new Composer()
  composer.insert(text)
  for (const key of keys) {
    if (typeof key === 'string') edit(composer, key)
    else composer.insert(key.type)
  }
  return `${composer.text.slice(0, composer.cursor)}|${composer.text.slice(composer.cursor)}`
}

describe('the composer', () => {
  test('inserts at the cursor', () => {
    expect(after('ac', 'left', { type: 'b' })).toBe('ab|c')
  })

  test('moves over and removes whole characters, however many code points they have', () => {
    expect(after('a👩‍👩‍👧é', 'left', 'left')).toBe('a|👩‍👩‍👧é')
    expect(after('a👩‍👩‍👧', 'backspace')).toBe('a|')
    expect(after('🇩🇪x', 'ctrl-a', 'delete')).toBe('|x')
    expect(after('', 'backspace', 'delete', 'left', 'right')).toBe('|')
  })

  test('moves between lines and keeps the column where there is one', () => {
    expect(after('one\ntwo\nx', 'up')).toBe('one\nt|wo\nx')
    expect(after('one\ntwo\nx', 'up', 'end', 'up')).toBe('one|\ntwo\nx')
    expect(after('one\ntwo', 'up', 'home', 'down', 'ctrl-e')).toBe('one\ntwo|')
    expect(after('one\ntwo', 'up', 'up')).toBe('|one\ntwo')
    expect(after('long line\nx', 'up', 'end', 'down')).toBe('long line\nx|')
    expect(after('\nx', 'ctrl-a', 'up', 'home')).toBe('|\nx')
  })

  test('kills to the start of the line, and the word before the cursor', () => {
    expect(after('one\ntwo three', 'ctrl-w')).toBe('one\ntwo |')
    expect(after('one\ntwo three', 'ctrl-u')).toBe('one\n|')
    expect(after('word  ', 'ctrl-w')).toBe('|')
  })

  test('gives its text away whole and is empty then', () => {
    const composer = new Composer()
    composer.insert(' text;\n')
    expect(composer.take()).toBe(' text;\n')
    expect(composer.isEmpty).toBe(true)
    expect(composer.cursor).toBe(0)
  })

  test('leaves keys alone that do not edit', () => {
    expect(edit(new Composer(), 'enter')).toBe(false)
    expect(edit(new Composer(), 'ctrl-c')).toBe(false)
  })
})
