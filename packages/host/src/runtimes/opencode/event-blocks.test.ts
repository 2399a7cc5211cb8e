import { expect, test } from 'vitest'
import { EventBlocks } from './event-blocks.ts'

test.each([1, 2, 3, 5, 100])('blocks are the same, however they are cut: by %i', (size) => {
  const stream = 'data: one\n\ndata: two\ndata: more\n\n\n\ndata: three\n\nda'
  const blocks = new EventBlocks(1000)
  const found: string[] = []
  for (let at = 0; at < stream.length; at += size) found.push(...(blocks.push(stream.slice(at, at + size)) ?? []))
  expect(found).toEqual(['data: one', 'data: two\ndata: more', '', 'data: three'])
  expect(blocks.push('ta\n\n')).toEqual(['data'])
})

test('a block that does not end is refused before it is large', () => {
  const blocks = new EventBlocks(10)
  expect(blocks.push('0123456789')).toEqual([])
  expect(blocks.push('0')).toBeUndefined()
})
