import { appendFileSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { Inbox } from './inbox.ts'

let directory = ''
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'mosaic-inbox-'))
})
afterEach(() => rmSync(directory, { recursive: true, force: true }))

const path = () => join(directory, 'inbox.jsonl')

describe('the inbox of a runtime', () => {
  test('accepts an id once, also over restarts', () => {
    {
      using inbox = new Inbox(directory)
      expect(inbox.accept('a', 'text')).toBe(true)
      expect(inbox.accept('a', 'text')).toBe(false)
      inbox.finish('a')
    }
    using again = new Inbox(directory)
    expect(again.state('a')).toBe('done')
    expect(again.accept('a', 'text')).toBe(false)
    expect(again.state('b')).toBe('unknown')
  })

  test('gives back after a restart what was accepted and not finished, exactly and in order', () => {
    {
      using inbox = new Inbox(directory)
      for (const id of ['a', 'b', 'c']) inbox.accept(id, `text\t${id}\n😀\n`)
      inbox.finish('b')
    }
    using again = new Inbox(directory)
    expect(again.pending()).toEqual([
      { id: 'a', text: 'text\ta\n😀\n', begun: 0 },
      { id: 'c', text: 'text\tc\n😀\n', begun: 0 },
    ])
  })

  test('counts over restarts, and over its own rewriting, how often work on a message was begun', () => {
    for (let life = 1; life <= 3; life += 1) {
      using inbox = new Inbox(directory, { compactAtBytes: 1 })
      inbox.accept('a', 'text')
      inbox.begin('a')
      inbox.begin('unknown')
      inbox.accept(`other${life}`, 'text')
      expect(inbox.pending()[0]).toEqual({ id: 'a', text: 'text', begun: life })
    }
  })

  test('reads past a torn or foreign line', () => {
    {
      using inbox = new Inbox(directory)
      inbox.accept('a', 'text')
    }
    appendFileSync(path(), 'null\n[]\n{"done":5}\n{"id":"b","te')
    using again = new Inbox(directory)
    expect(again.accept('c', 'text')).toBe(true)
    expect(readFileSync(path(), 'utf8')).toMatch(/\n\{"id":"c","text":"text"\}\n$/)
    expect(again.pending().map(({ id }) => id)).toEqual(['a', 'c'])
  })

  test('does not grow without bound, forgets the oldest finished first, and never what is pending', () => {
    const options = { keepIds: 10, compactAtBytes: 2000 }
    {
      using inbox = new Inbox(directory, options)
      inbox.accept('pending', 'x'.repeat(100))
      for (let index = 0; index < 500; index += 1) {
        inbox.accept(`id${index}`, 'y'.repeat(100))
        inbox.finish(`id${index}`)
        expect(statSync(path()).size).toBeLessThan(8000)
      }
    }
    using again = new Inbox(directory, options)
    expect(again.pending().map(({ id }) => id)).toEqual(['pending'])
    expect(again.state('id499')).toBe('done')
    expect(again.state('id0')).toBe('unknown')
    expect(again.accept('id499', 'y')).toBe(false)
  })
})
