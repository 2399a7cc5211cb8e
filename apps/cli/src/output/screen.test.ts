import { PassThrough } from 'node:stream'
import { until } from '@mosaic/testkit/until'
import { expect, test } from 'vitest'
import type { Source } from '../world.ts'
import { Screen } from './screen.ts'

class Terminal {
  text = ''
  readonly isTTY = true
  readonly columns = 80
  rows = 5
  resized: (() => void) | undefined
  write(text: string): void {
    this.text += text
  }
  on(_: 'resize', listener: () => void): void {
    this.resized = listener
  }
  off(): void {
    this.resized = undefined
  }
  /** What was written since the last call. */
  take(): string {
    const { text } = this
    this.text = ''
    return text
  }
}

function keyboard(): Source & { raw: boolean[] } {
  const raw: boolean[] = []
  const stream: Source = new PassThrough()
  return Object.assign(stream, { isTTY: true, raw, setRawMode: (on: boolean) => raw.push(on) })
}

test('only lines that changed are written again', () => {
  const terminal = new Terminal()
  using screen = new Screen(terminal, keyboard(), () => {})
  screen.open()
  screen.paint(['one', 'two', 'three'])
  terminal.take()
  screen.paint(['one', 'TWO', 'three'])
  expect(terminal.take()).toBe('\u001b[2;1HTWO\u001b[K')
  screen.paint(['one', 'TWO', 'three'])
  expect(terminal.take()).toBe('')
  screen.paint(['one'])
  expect(terminal.take()).toBe('\u001b[2;1H\u001b[K\u001b[3;1H\u001b[K')
})

test('no more lines are written than the terminal has', () => {
  const terminal = new Terminal()
  using screen = new Screen(terminal, keyboard(), () => {})
  screen.open()
  screen.paint(Array.from({ length: 50 }, (_, index) => `line ${index}`))
  expect(terminal.take()).not.toContain('line 5')
})

test('the terminal is given back as it was found, once', () => {
  const terminal = new Terminal()
  const input = keyboard()
  const screen = new Screen(terminal, input, () => {})
  screen.open()
  expect(terminal.take()).toContain('\u001b[?1049h')
  screen[Symbol.dispose]()
  expect(terminal.take()).toBe('\u001b[?25h\u001b[?1049l')
  screen[Symbol.dispose]()
  expect(terminal.take()).toBe('')
  expect(input.raw).toEqual([true, false])
  expect(terminal.resized).toBeUndefined()
})

test('after a resize everything is written again', () => {
  const terminal = new Terminal()
  const keys: string[] = []
  using screen = new Screen(terminal, keyboard(), (key) => keys.push(key))
  screen.open()
  screen.paint(['one'])
  terminal.take()
  terminal.resized?.()
  screen.paint(['one'])
  expect(keys).toEqual(['resize'])
  expect(terminal.take()).toContain('\u001b[2J')
})

test('keys that come together are told one by one, sequences whole', async () => {
  const input = keyboard()
  const keys: string[] = []
  using screen = new Screen(new Terminal(), input, (key) => keys.push(key))
  screen.open()
  input.push('j\u001b[B\u001b[6~\u001bOAéq')
  await until(() => keys.includes('q'))
  expect(keys).toEqual(['j', '\u001b[B', '\u001b[6~', '\u001bOA', 'é', 'q'])
})
