/** The matrix as a page. */

import { displaySafe } from '@mosaic/domain/display'
import type { Cell } from './matrix.ts'
import { RUNTIMES, type RuntimeId } from './runtimes.ts'
import { MODES, type Mode } from './senders.ts'
import { SHAPES, type Shape } from './shapes.ts'
import { STATES, type State } from './states.ts'

export interface RuntimeResult {
  version: string
  /** YYYY-MM-DD. */
  date: string
  kernel: string
  tmux: string
  node: string
  cells: Cell[]
}

export type Results = Partial<Record<RuntimeId, RuntimeResult>>

const LEGEND = `## What the words mean

A message is judged by three witnesses: its receipt; the model server, which tells for each message id how often it stood in the
conversation and whether it was the same byte for byte (claude: but for what its composer changes, see \`docs/runtimes.md\`); and the
dialog, which must still be open, its command not run.

| verdict | meaning |
|---|---|
| accepted | Each message of the cell has a receipt that says accepted, and stands once in the model's conversation, byte for byte. |
| refused: *reason* | Each message has a receipt that says refused with the reason that is true for the state, and the model never got it, also not when the state was over and the agent worked on. |
| **RED** | Anything else: lost, doubled, altered, unconfirmed, refused for another reason, a question that was answered. The cause stands below the table. |
| - | Not run. |

| state | how it is brought about |
|---|---|
| idle | Nothing is under way; the next message comes when the turn of the one before has ended. |
| busy: streaming | The model is in the middle of an answer, which it ends when all is sent. |
| busy: tool call | A command of the model runs until all is sent. |
| waiting for permission | A command that nobody allowed: the runtime asks a person. pi asks nobody, so there an operator's extension asks. A person says no when all is settled. |
| starting | Sent at once after the launch, for each shape a new one. |
| resetting | Sent while \`agent reset\` is under way, for each shape a new one. |
| hung | Every process of the runtime is frozen by the kernel, and thawed when all is settled. |
| dead | Killed by SIGKILL, before it is restarted. |

| shape | content |
|---|---|
| one line | a sentence |
| many lines | 500 lines |
| 64 KiB | the largest message, of three-byte characters in one line |
| control characters | the end and the start of a bracketed paste, carriage returns, Ctrl-C, Ctrl-D, escapes, NUL; they arrive made visible |
| looks like a command | \`/clear\`, \`!ls\`, \`#x\`, \`@file\` of a file that is there, \`/quit\`, one a line |

| mode | senders |
|---|---|
| one sender | one message, or one after the other without waiting |
| two senders | two at the same time on connections of their own |
| sender killed | two commands \`agent send --verify\`, one killed by SIGKILL at its start, one as soon as its message is stored; both are sent again by their ids |
`

const count = (cells: readonly Cell[], test: (cell: Cell) => boolean): number => cells.filter(test).length
const messagesOf = (cells: readonly Cell[]) => cells.flatMap(({ messages }) => messages)

function summary(results: Results): string {
  const rows = RUNTIMES.flatMap((id) => {
    const result = results[id]
    if (result === undefined) return [`| ${id} | not run | | | | | | | | |`]
    const { cells, version, date } = result
    const messages = messagesOf(cells)
    const lost = messages.filter(({ state, heard }) => state === 'accepted' && heard === 0).length
    const doubled = messages.filter(({ heard }) => heard > 1).length
    const accepted = count(cells, ({ verdict }) => verdict === 'accepted')
    const refused = count(cells, ({ verdict }) => verdict.startsWith('refused'))
    const red = count(cells, ({ verdict }) => verdict === 'RED')
    return [
      `| ${id} | ${version} | ${date} | ${cells.length} | ${accepted} | ${refused} | ${red} | ${messages.length} | ${lost} | ${doubled} |`,
    ]
  })
  const head =
    '| runtime | version | date | cells | accepted | refused | RED | messages | lost | doubled |\n|---|---|---|---|---|---|---|---|---|---|'
  return `${head}\n${rows.join('\n')}\n`
}

/** One line of a table cell or of a list. */
const oneLine = (text: string): string => displaySafe(text.replaceAll('\n', ' ⏎ ')).replaceAll('|', '\\|').slice(0, 400)

function tableOf(id: RuntimeId, { cells, version, kernel, tmux, node }: RuntimeResult): string {
  const causes: string[] = []
  const cellText = (state: State, mode: Mode, shape: Shape) => {
    const cell = cells.find((one) => one.state === state && one.mode === mode && one.shape === shape)
    if (cell === undefined) return '-'
    if (cell.verdict !== 'RED') return cell.verdict
    causes.push(`${state}, ${mode}, ${shape}: ${oneLine(cell.causes.join('; '))}`)
    return `**RED** (${causes.length})`
  }
  const rows = STATES.flatMap((state) =>
    MODES.map((mode) => `| ${state} | ${mode} | ${SHAPES.map((shape) => cellText(state, mode, shape)).join(' | ')} |`),
  )
  const head = `| state | mode | ${SHAPES.join(' | ')} |\n|---|---|${SHAPES.map(() => '---|').join('')}`
  const list = causes.length === 0 ? '' : `\nRed cells:\n\n${causes.map((cause, index) => `${index + 1}. ${cause}`).join('\n')}\n`
  return `## ${id} ${version}\n\n${tmux}, Linux ${kernel}, Node ${node}\n\n${head}\n${rows.join('\n')}\n${list}`
}

/** The whole page; the same results give the same page. */
export function pageOf(results: Results): string {
  const tables = RUNTIMES.flatMap((id) => {
    const result = results[id]
    return result === undefined ? [] : [tableOf(id, result)]
  })
  return [
    '# The acceptance matrix',
    'What becomes of a message to each real runtime, in each state that it can be in: accepted exactly once, or refused with the true reason.\n' +
      'Real programs in real panes, at a scripted model server. Written by `node e2e/acceptance/run.ts`.',
    summary(results),
    ...tables,
    LEGEND,
  ].join('\n\n')
}

/** Where a test's world happened to be. */
const WORLD = /\/tmp\/mf-\w+/g

/** Without what is of chance in it. */
export const recordOf = (results: Results): unknown =>
  Object.fromEntries(
    RUNTIMES.flatMap((id) => {
      const result = results[id]
      if (result === undefined) return []
      const cells = result.cells.map(({ state, mode, shape, verdict, causes, messages }) => ({
        state,
        mode,
        shape,
        verdict,
        causes: causes.map((cause) => cause.replaceAll(WORLD, '/world')),
        messages: messages.map((told) => ({ ...told, detail: told.detail?.replaceAll(WORLD, '/world') ?? null })),
      }))
      return [[id, { ...result, cells }]]
    }),
  )
