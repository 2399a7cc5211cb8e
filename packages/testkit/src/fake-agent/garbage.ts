/** Hostile terminal output from a seed: the same seed prints the same bytes. */

import type { GarbageOptions } from './script.ts'

const TICK_MS = 50
const DEFAULT_BYTES_PER_SECOND = 20_000
const MAX_BYTES_PER_SECOND = 1_000_000

/** Numbers from 0 (included) to 1. */
export function randomFrom(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
}

type Piece = (below: (n: number) => number) => string | Buffer

const ESC = '\u001b'
const ST = `${ESC}\\`
const SGR: Piece = (below) => `${ESC}[${below(110)};${below(8)};5;${below(256)}m`
const MOVE: Piece = (below) => `${ESC}[${below(300)};${below(300)}${'HfABCDEFGd'[below(10)]}`
const ERASE: Piece = (below) => `${ESC}[${below(4)}${'JKLMPX@'[below(7)]}`
const SCROLL: Piece = (below) => `${ESC}[${below(60)};${below(60)}r${ESC}[${below(9)}${'ST'[below(2)]}`

// No piece resets the terminal or touches mode 2004: whether pastes are bracketed is the script's to say.
const PIECES: readonly Piece[] = [
  SGR,
  MOVE,
  ERASE,
  SCROLL,
  (below) => `${ESC}[?${[1, 6, 7, 12, 25, 1000, 1002, 1006, 1049][below(9)]}${'hl'[below(2)]}`,
  (below) => `${ESC}]${below(3)};title${ESC}[31m\nnext line ${below(999)}\u0007`,
  (below) => `${ESC}]2;${'x'.repeat(below(600))}${ST}`,
  (below) => `${ESC}k name ${below(99)}\r\n${ST}`,
  () => `${ESC}]52;c;${Buffer.from('rm -rf /\n').toString('base64')}\u0007`,
  (below) => `${ESC}]8;;file:///etc/passwd${ST}link ${below(9)}${ESC}]8;;${ST}`,
  () => `${ESC}Ptmux;${ESC}${ESC}]0;inner\u0007${ST}`,
  (below) => Buffer.from([0xff, 0xc0, 0x80, 0xed, 0xa0, 0x80, 0xf5, below(256), 0xe2, 0x82]),
  (below) => Buffer.from([0x80 + below(32), 0x9b, 0x33, 0x31, 0x6d]),
  () => '日本語 👩‍👩‍👧‍👦 e\u0301\u0301\u0301 \u202egnp.exe\u202c \u200b\ufeff',
  (below) => '#'.repeat(below(400)),
  () => '\r\n',
  (below) => '\u0007\b\t\u000b\u000c\u000e\u000f'[below(7)] ?? '',
  () => `${ESC}[200~fake paste${ESC}[201~`,
]

/** The terminal answers these, and the answers are input. */
const QUERIES: readonly Piece[] = [
  () => `${ESC}[c`,
  () => `${ESC}[>c`,
  () => `${ESC}[5n${ESC}[6n`,
  () => `${ESC}[>q`,
  () => `${ESC}[18t`,
  () => `${ESC}P$q m${ST}`,
  () => `${ESC}]10;?\u0007${ESC}]11;?\u0007`,
]

/** At least one piece, and pieces until `bytes` are reached. */
export function garbageFrom(random: () => number, bytes: number, queries: boolean): Buffer {
  const pieces = queries ? [...PIECES, ...QUERIES] : PIECES
  const below = (n: number) => Math.floor(random() * n)
  const out: Buffer[] = []
  for (let length = 0; length < Math.max(1, bytes); ) {
    const piece = pieces[below(pieces.length)]?.(below) ?? ''
    const buffer = typeof piece === 'string' ? Buffer.from(piece, 'utf8') : piece
    out.push(buffer)
    length += buffer.length
  }
  return Buffer.concat(out)
}

/** Prints at the given rate; the result stops it. */
export function printGarbage(options: GarbageOptions, print: (bytes: Buffer) => void): () => void {
  const random = randomFrom(options.seed ?? 1)
  const rate = Math.min(options.bytesPerSecond ?? DEFAULT_BYTES_PER_SECOND, MAX_BYTES_PER_SECOND)
  const perTick = Math.floor((rate * TICK_MS) / 1000)
  const timer = setInterval(() => print(garbageFrom(random, perTick, options.queries ?? true)), TICK_MS)
  if (options.forMs !== undefined) setTimeout(() => clearInterval(timer), options.forMs)
  return () => clearInterval(timer)
}
