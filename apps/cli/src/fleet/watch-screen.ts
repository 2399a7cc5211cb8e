/** `fleet ps --watch`: the table, live. */

import type { FleetSnapshot } from '@mosaic/domain/agent-record'
import type { Context } from '../context.ts'
import { EXIT } from '../exit-codes.ts'
import { Screen } from '../output/screen.ts'
import { truncate } from '../output/width.ts'
import { onlyNamed } from './open.ts'
import { psLines } from './ps-table.ts'
import { snapshots } from './snapshots.ts'

export interface WatchOptions {
  names: readonly string[]
  intervalMs: number
  wide: boolean
}

/** Lines that scroll: the table without its header. */
interface Scroll {
  offset: number
}

const STEPS: Readonly<Record<string, (page: number) => number>> = {
  j: () => 1,
  '\u001b[B': () => 1,
  '\u001bOB': () => 1,
  k: () => -1,
  '\u001b[A': () => -1,
  '\u001bOA': () => -1,
  ' ': (page) => page,
  '\u001b[6~': (page) => page,
  '\u001b[5~': (page) => -page,
  g: () => Number.NEGATIVE_INFINITY,
  G: () => Number.POSITIVE_INFINITY,
}

/** As many lines as the screen has: header, a window on the agents, and what stands below them. */
export function layOut(lines: readonly string[], rows: number, scroll: Scroll, title: string): string[] {
  const blank = lines.indexOf('')
  const [header = '', ...agents] = lines.slice(0, blank)
  const below = lines.slice(blank + 1)
  const room = Math.max(1, rows - 3 - Math.min(below.length, Math.max(1, Math.floor(rows / 3))))
  scroll.offset = Math.max(0, Math.min(scroll.offset, agents.length - room))
  const seen = agents.slice(scroll.offset, scroll.offset + room)
  const hidden = agents.length - seen.length
  const gap = hidden === 0 ? '' : `${scroll.offset + 1}-${scroll.offset + seen.length} of ${agents.length} agents; arrows scroll`
  const left = rows - 3 - seen.length
  return [title, header, ...seen, gap, ...below.slice(0, left)]
}

function titleOf(context: Context, snapshot: FleetSnapshot): string {
  const time = snapshot.as_of.slice(11, 19)
  const text = `${snapshot.tenant_id}@${snapshot.host}  ${time} UTC  q quits`
  return context.style.dim(truncate(text, context.width ?? 80))
}

/** Resolves to the exit status. */
async function onTerminal(context: Context, options: WatchOptions): Promise<number> {
  const { style } = context
  const quit = new AbortController()
  const signal = AbortSignal.any([context.takeOverEnding(), quit.signal])
  const scroll: Scroll = { offset: 0 }
  let status: number = EXIT.done
  let last: FleetSnapshot | undefined
  const paint = () => {
    if (last === undefined) return
    const lines = psLines(last, { style, width: context.width, complete: context.complete })
    screen.paint(layOut(lines, screen.rows, scroll, titleOf(context, last)))
  }
  const onKey = (key: string) => {
    if (key === '\u0003') status = EXIT.interrupted
    if (key === 'q' || key === '\u0003' || key === '\u001b') return quit.abort()
    const step = STEPS[key]?.(screen.rows - 4)
    if (step !== undefined) scroll.offset = Math.min(Math.max(0, scroll.offset + step), 1e6)
    if (step !== undefined || key === 'resize') paint()
  }
  using screen = new Screen(context.world.stdout, context.world.stdin, onKey)
  for await (const snapshot of snapshots(context, options.intervalMs, signal)) {
    if (last === undefined) screen.open()
    last = onlyNamed(snapshot, options.names)
    paint()
  }
  return status
}

async function elsewhere(context: Context, options: WatchOptions): Promise<number> {
  const { style } = context
  for await (const whole of snapshots(context, options.intervalMs, context.takeOverEnding())) {
    const snapshot = onlyNamed(whole, options.names)
    const text = psLines(snapshot, { style, wide: options.wide }).join('\n')
    context.emit(snapshot, `${snapshot.as_of}\n${text}\n\n`)
  }
  return EXIT.done
}

/** Shows the fleet until it is told to end. */
export async function watchFleet(context: Context, options: WatchOptions): Promise<number> {
  const live = context.world.stdout.isTTY === true && !context.json
  return live ? onTerminal(context, options) : elsewhere(context, options)
}
