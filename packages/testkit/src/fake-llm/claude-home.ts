/** A home in which the real `claude` talks to a model server of ours: no login, no network. */

import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

export interface ClaudeHomeOptions {
  model?: string
  /** The operator's own settings.json. */
  settings?: Readonly<Record<string, unknown>>
  /** False: Claude Code never ran in this home. */
  onboarded?: boolean
}

export interface ClaudeHome {
  model: string
  settingsFile: string
  /** Claude Code's own state, which it writes into by itself. */
  stateFile: string
  /** Keeps it from every network connection but the one to its model. */
  env: Record<string, string>
}

/** Writes `.claude.json` and `.claude/settings.json` under `home`; `env` is what the program needs on top of its own. */
export function writeClaudeHome(home: string, llmUrl: string, options: ClaudeHomeOptions = {}): ClaudeHome {
  const { model = 'claude-opus-5-5', onboarded = true } = options
  const directory = join(home, '.claude')
  const settingsFile = join(directory, 'settings.json')
  const stateFile = join(home, '.claude.json')
  // Its own default judges each tool by a further request to the model.
  const settings = { permissions: { defaultMode: 'default' }, ...options.settings }
  mkdirSync(directory, { recursive: true, mode: 0o700 })
  writeFileSync(settingsFile, `${JSON.stringify(settings, null, 2)}\n`, { mode: 0o600 })
  if (onboarded) writeFileSync(stateFile, `${JSON.stringify({ hasCompletedOnboarding: true })}\n`, { mode: 0o600 })
  return {
    model,
    settingsFile,
    stateFile,
    env: {
      HOME: home,
      ANTHROPIC_BASE_URL: llmUrl,
      ANTHROPIC_AUTH_TOKEN: 'fake-key',
      ANTHROPIC_MODEL: model,
      DISABLE_AUTOUPDATER: '1',
      CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: '1',
    },
  }
}
