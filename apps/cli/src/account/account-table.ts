/** Accounts as a table. */

import type { Context } from '../context.ts'
import { type Column, tableLines } from '../output/table.ts'
import type { AccountRecord } from './account-record.ts'

const columnsOf = ({ style }: Context): Column<AccountRecord>[] => {
  const paint = { 'logged-in': style.green, 'logged-out': style.red, unknown: style.yellow }
  return [
    { title: 'NAME', cell: ({ name }) => name, rank: 0, max: 32, min: 8, paint: (text) => style.bold(text) },
    { title: 'RUNTIME', cell: ({ runtime }) => runtime, rank: 1, max: 16 },
    { title: 'LOGIN', cell: ({ login }) => login, rank: 1, max: 12, paint: (text, { login }) => paint[login](text) },
    { title: 'AGENTS', cell: ({ agents }) => agents.join(' '), rank: 3, max: 40 },
    { title: 'DIRECTORY', cell: ({ directory }) => directory, rank: 2, max: 60 },
  ]
}

export const accountLines = (context: Context, records: readonly AccountRecord[]): string[] =>
  tableLines(columnsOf(context), records, { style: context.style, width: context.width })
