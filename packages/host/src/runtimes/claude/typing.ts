/** Typing into Claude Code: only into its composer, when that is empty, and while no tool can put a question in its place. */

import type { NativeRefusal } from '@mosaic/domain/ports/runtime'
import { claudeScreen } from './screen.ts'
import type { ClaudeStatus } from './status-file.ts'
import type { ToolGate } from './tool-gate.ts'
import type { ClaudeVoice } from './voice.ts'

/** What was sent a moment ago can still stand in the composer, and a dialog on the screen, milliseconds. */
const SCREEN_MS = 2000
const LOOK_MS = 100
/** Tools wait so long at most for a message that was typed to be taken, milliseconds. */
const TAKEN_MS = 2000
/** What was typed before and is not known to be taken can be on its way into the composer so long, milliseconds. */
const ON_ITS_WAY_MS = 15_000

export interface TypingParts {
  gate: ToolGate
  voice: ClaudeVoice
  status(): ClaudeStatus | undefined
  screen(): Promise<string>
}

const refused = (because: NativeRefusal['because'], detail: string): NativeRefusal => ({ outcome: 'refused', because, detail })

export class Typing {
  readonly #parts: TypingParts
  /** The message that was typed last. */
  #last: string | undefined

  constructor(parts: TypingParts) {
    this.#parts = parts
  }

  /** Resolves when nothing is on its way any more. A long text is pasted before Claude Code has read it, and its composer looks empty until then. */
  async settled(): Promise<void> {
    const last = this.#last
    this.#last = undefined
    if (last !== undefined) await this.#parts.voice.taken(last, ON_ITS_WAY_MS)
  }

  /** What `type` throws is thrown on. */
  async type<T>(
    message: { id: string; text: string; again: boolean },
    type: () => Promise<T>,
  ): Promise<{ outcome: 'typed'; result: T } | NativeRefusal> {
    const { gate, voice, status } = this.#parts
    using _held = gate.hold()
    const refusal = await this.#refusal()
    if (refusal !== undefined) return refusal
    const now = status()
    voice.expect({ ...message, mode: now?.status === 'idle' && !voice.isBeginning(now) ? 'turn' : 'queued' })
    const result = await type()
    this.#last = message.id
    await voice.taken(message.id, TAKEN_MS)
    return { outcome: 'typed', result }
  }

  /** A command of Claude Code's own; false when it was not typed. */
  async command(type: () => Promise<boolean>): Promise<boolean> {
    using _held = this.#parts.gate.hold()
    return (await this.#refusal()) === undefined && (await type())
  }

  async #refusal(): Promise<NativeRefusal | undefined> {
    const { gate, status, voice, screen } = this.#parts
    await gate.quiet()
    for (const end = performance.now() + SCREEN_MS; ; ) {
      const now = status()
      if (now === undefined) return refused('starting', 'Claude Code is starting')
      if (now.status === 'waiting') return refused('dialog', voice.asking?.detail ?? now.waitingFor ?? 'a question is open')
      if (voice.asking !== undefined && voice.asking.sinceMs >= now.sinceMs) return refused('dialog', voice.asking.detail)
      const { activity, line } = claudeScreen(await screen())
      if (activity === 'idle' || activity === 'busy') return undefined
      if (performance.now() >= end) {
        return activity === 'draft'
          ? refused('draft', 'its composer holds text that was not sent')
          : refused('dialog', line ?? 'its composer is not on its screen')
      }
      await new Promise((resolve) => setTimeout(resolve, LOOK_MS))
    }
  }
}
