/** The transcripts of one conversation: its own, and those of the agents that it started. */

import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { LineTail } from '../line-tail.ts'
import { transcriptOf } from './claude-home.ts'
import { type Said, saidIn } from './transcript-line.ts'

export class Conversation implements Disposable {
  readonly id: string
  readonly #directory: string
  readonly #hear: (said: Said) => void
  readonly #enter: (look: () => void) => void
  #main: LineTail | undefined
  readonly #subs = new Map<string, LineTail>()

  /**
   * @param directory the configuration home
   * @param hear what throws in it is said again by the next look
   * @param enter runs the looks that nobody called for
   */
  constructor(directory: string, id: string, hear: (said: Said) => void, enter: (look: () => void) => void) {
    this.#directory = directory
    this.id = id
    this.#hear = hear
    this.#enter = enter
  }

  /** Reads what was written since the last time; Claude Code makes the file with the first prompt. */
  read(): void {
    this.#main ??= this.#tail()
    this.#main?.read()
    this.#readSubs()
  }

  /** False as long as Claude Code has not made its file. */
  get isThere(): boolean {
    return this.#main !== undefined
  }

  [Symbol.dispose](): void {
    this.#main?.[Symbol.dispose]()
    for (const tail of this.#subs.values()) tail[Symbol.dispose]()
  }

  #tail(): LineTail | undefined {
    const path = transcriptOf(this.#directory, this.id)
    if (path === undefined) return undefined
    const hear = (line: string) => {
      for (const said of saidIn(line)) this.#hear(said)
    }
    return new LineTail(path, hear, this.#enter)
  }

  /** Of these only what they cost is of interest. */
  #readSubs(): void {
    if (this.#main === undefined) return
    const directory = join(this.#main.path.replace(/\.jsonl$/, ''), 'subagents')
    for (const name of namesIn(directory)) {
      if (!name.endsWith('.jsonl') || this.#subs.has(name)) continue
      const hear = (line: string) => {
        for (const said of saidIn(line)) if (said.kind === 'call') this.#hear({ ...said, isSub: true })
      }
      this.#subs.set(name, new LineTail(join(directory, name), hear, this.#enter))
    }
    for (const tail of this.#subs.values()) tail.read()
  }
}

function namesIn(directory: string): string[] {
  try {
    return readdirSync(directory)
  } catch {
    return []
  }
}
