/** The line protocol of `tmux -C`: reply blocks and notifications, told apart. */

export interface ControlSink {
  /** One reply to a command of this client. */
  reply(lines: readonly string[], ok: boolean): void
  /** `name` without its `%`; `rest` is the rest of the line. */
  notification(name: string, rest: string): void
  /** How many lines the next reply has at least: a screen may show a line that looks like the end of a block. */
  linesExpected(): number
}

/** A longer line is cut: only a pane's raw output can be that long, and nobody here reads it. */
const MAX_LINE = 1024 * 1024

interface Block {
  /** Time, number and flags, which its end repeats. */
  guard: string
  /** Of a command that this client sent. Hooks and others' commands answer here too. */
  ours: boolean
  lines: string[]
}

export class ControlParser {
  readonly #sink: ControlSink
  #partial = ''
  #block: Block | undefined

  constructor(sink: ControlSink) {
    this.#sink = sink
  }

  feed(text: string): void {
    const lines = (this.#partial + text).split('\n')
    this.#partial = (lines.pop() ?? '').slice(0, MAX_LINE)
    for (const line of lines) this.#line(line)
  }

  #line(line: string): void {
    const block = this.#block
    if (block !== undefined) {
      if (this.#isEnd(block, line)) this.#end(block, line.startsWith('%end'))
      else block.lines.push(line)
    } else if (line.startsWith('%begin ')) {
      const guard = line.slice('%begin '.length)
      this.#block = { guard, ours: guard.endsWith(' 1'), lines: [] }
    } else if (line.startsWith('%')) {
      const space = line.indexOf(' ')
      this.#sink.notification(line.slice(1, space === -1 ? undefined : space), space === -1 ? '' : line.slice(space + 1))
    }
  }

  #isEnd(block: Block, line: string): boolean {
    if (line === `%error ${block.guard}`) return true
    return line === `%end ${block.guard}` && (!block.ours || block.lines.length >= this.#sink.linesExpected())
  }

  #end(block: Block, ok: boolean): void {
    this.#block = undefined
    if (block.ours) this.#sink.reply(block.lines, ok)
  }
}
