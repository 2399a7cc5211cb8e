/** Prints how long source files and functions are, and which to look at twice. Tests are left out. */

import { join } from 'node:path'
import { isTest, readSources } from './source-facts.ts'

const LONG_FILE_LINES = 300
const LONG_FUNCTION_LINES = 50

interface Sized {
  where: string
  lines: number
}

/** The value below which `share` of the sorted values lie. */
const quantile = (sorted: readonly number[], share: number): number =>
  sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0

function summary(what: string, sizes: readonly Sized[]): string {
  const sorted = sizes.map(({ lines }) => lines).sort((a, b) => a - b)
  const figures = [sorted.length, quantile(sorted, 0.5), quantile(sorted, 0.9), sorted.at(-1) ?? 0]
  return [what.padEnd(10), ...figures.map((figure) => String(figure).padStart(8))].join('')
}

function longest(what: string, sizes: readonly Sized[], limit: number): string[] {
  const long = sizes.filter(({ lines }) => lines > limit).sort((a, b) => b.lines - a.lines)
  return [
    '',
    `${what} over ${limit} lines: ${long.length === 0 ? 'none' : ''}`,
    ...long.map(({ where, lines }) => `${String(lines).padStart(6)}  ${where}`),
  ]
}

const sources = readSources(join(import.meta.dirname, '..')).filter(({ path }) => !isTest(path))
const files = sources.map(({ path, lines }) => ({ where: path, lines }))
const functions = sources.flatMap(({ path, functions }) =>
  functions.map(({ name, line, lines }) => ({ where: `${path}:${line} ${name}`.trimEnd(), lines })),
)

console.log(
  [
    ['lines'.padEnd(10), ...['count', 'median', 'p90', 'max'].map((head) => head.padStart(8))].join(''),
    summary('files', files),
    summary('functions', functions),
    ...longest('files', files, LONG_FILE_LINES),
    ...longest('functions', functions, LONG_FUNCTION_LINES),
  ].join('\n'),
)
