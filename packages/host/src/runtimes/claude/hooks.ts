/** Claude Code's hooks: what each is answered. */

import { fieldsOf, textOf } from '../fields.ts'
import type { HookName } from './settings.ts'
import { ToolGate } from './tool-gate.ts'
import type { ClaudeVoice } from './voice.ts'

/** Reasons of an end that is none of the process. */
const GOES_ON = new Set(['clear', 'resume'])

export class ClaudeHooks {
  readonly gate = new ToolGate()
  readonly #voice: ClaudeVoice
  readonly #sink: (reason: 'stopped') => void

  constructor(voice: ClaudeVoice, sink: (reason: 'stopped') => void) {
    this.#voice = voice
    this.#sink = sink
  }

  /** @returns the answer, which is empty where Claude Code is to go its way */
  async heed(name: string, payload: unknown): Promise<unknown> {
    switch (name as HookName) {
      case 'UserPromptSubmit':
        return this.#voice.submitted(payload)
      case 'PreToolUse':
        await this.gate.announced(payload)
        return {}
      case 'PostToolUse':
      case 'PostToolUseFailure':
        this.gate.settled(payload)
        this.#voice.asking = undefined
        return {}
      case 'PermissionRequest':
        this.gate.settled(payload)
        this.#voice.asks(payload)
        return {}
      case 'PreCompact':
        this.#voice.compacts('started')
        return {}
      case 'PostCompact':
        this.#voice.compacts('ended')
        return {}
      case 'SessionEnd':
        if (!GOES_ON.has(textOf(fieldsOf(payload)['reason']) ?? '')) this.#sink('stopped')
        return {}
      default:
        return {}
    }
  }
}
