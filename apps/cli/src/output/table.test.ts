import { expect, test } from 'vitest'
import { makeStyle } from './style.ts'
import { type Column, tableLines } from './table.ts'
import { textWidth } from './width.ts'

interface Row {
  name: string
  note: string
  count: number
}

const plain = makeStyle(false)
const columns: Column<Row>[] = [
  { title: 'NAME', cell: ({ name }) => name, rank: 0, min: 4 },
  { title: 'COUNT', cell: ({ count }) => (count === 0 ? '' : String(count)), rank: 1, align: 'right' },
  { title: 'NOTE', cell: ({ note }) => note, rank: 2, sparse: true, min: 6 },
]
const rows: Row[] = [
  { name: 'orchestrator', note: 'the one that leads', count: 12 },
  { name: '漢字', note: '', count: 0 },
]

test('columns are aligned whatever the characters', () => {
  expect(tableLines(columns, rows, { style: plain })).toEqual([
    'NAME          COUNT  NOTE',
    'orchestrator     12  the one that leads',
    '漢字              -  -',
  ])
})

test('the column with the highest rank goes first when the terminal is narrow', () => {
  expect(tableLines(columns, rows, { style: plain, width: 30 })[0]).toBe('NAME          COUNT')
  expect(tableLines(columns, rows, { style: plain, width: 15 })[0]).toBe('NAME')
})

test('a column without a cell in any row is left out where it may be', () => {
  expect(tableLines(columns, [{ name: 'a', note: '', count: 0 }], { style: plain })).toEqual(['NAME  COUNT', 'a         -'])
})

test('no line is wider than the terminal, down to very narrow ones', () => {
  for (let width = 4; width <= 60; width += 1) {
    for (const line of tableLines(columns, rows, { style: plain, width })) expect(textWidth(line)).toBeLessThanOrEqual(width)
  }
})

test('cells cannot break out of the table', () => {
  const evil = '\u001b[2J\u0007x\ny\u202ez\u009b31m'
  const [, line = ''] = tableLines(columns, [{ name: evil, note: '', count: 1 }], { style: plain })
  expect(line).not.toMatch(/[\u0000-\u001f\u007f-\u009f\u202e]/)
  expect(line).toContain('␛[2J␇x␊y')
})

test('colour changes no column', () => {
  const painted: Column<Row>[] = [
    { title: 'NAME', cell: ({ name }) => name, rank: 0, paint: (text) => makeStyle(true).red(text) },
    ...columns.slice(1),
  ]
  const coloured = tableLines(painted, rows, { style: plain })
  expect(coloured[1]).toContain('\u001b[31morchestrator\u001b[39m')
  expect(coloured.map((line) => line.replace(/\u001b\[\d+m/g, ''))).toEqual(tableLines(columns, rows, { style: plain }))
})

test('a cell with replacement patterns is shown as it is', () => {
  const painted: Column<Row>[] = [{ title: 'NAME', cell: ({ name }) => name, rank: 0, paint: (text) => `<${text}>` }]
  expect(tableLines(painted, [{ name: "$&$'", note: '', count: 0 }], { style: plain })[1]).toBe("<$&$'>")
})

test('a last column that wraps goes on below itself, within the terminal, and loses nothing', () => {
  const wrapping = columns.map((column) => (column.title === 'NOTE' ? { ...column, rank: 0, wraps: true } : column))
  expect(tableLines(wrapping, rows, { style: plain, width: 24 })).toEqual([
    'NAME          NOTE',
    'orchestrator  the one',
    '              that leads',
    '漢字          -',
  ])
})
