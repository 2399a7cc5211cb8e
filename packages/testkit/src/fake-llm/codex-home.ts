/** A home in which the real `codex` talks to a model server of ours: no login, no network. */

import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

export interface CodexHomeOptions {
  model?: string
  apiKey?: string
  /** Names the variable of the environment in which the key is. */
  keyVariable?: string
  /** More lines of config.toml, before its tables. */
  settings?: readonly string[]
}

export interface CodexHome {
  model: string
  /** `CODEX_HOME` of this home. */
  codexDirectory: string
  configFile: string
  env: Record<string, string>
}

const KEY_VARIABLE = 'FAKE_LLM_KEY'

/** Writes `.codex/config.toml` under `home`; `env` is what the program needs on top of its own. */
export function writeCodexHome(home: string, llmUrl: string, options: CodexHomeOptions = {}): CodexHome {
  const { model = 'fake-model', apiKey = 'fake-key', keyVariable = KEY_VARIABLE, settings = [] } = options
  const codexDirectory = join(home, '.codex')
  const configFile = join(codexDirectory, 'config.toml')
  const lines = [
    `model = ${JSON.stringify(model)}`,
    'model_provider = "fake"',
    ...settings,
    '',
    '# of the operator',
    '[model_providers.fake]',
    'name = "fake"',
    `base_url = ${JSON.stringify(`${llmUrl}/v1`)}`,
    `env_key = "${keyVariable}"`,
    'wire_api = "responses"',
    'request_max_retries = 0',
    'stream_max_retries = 1',
    '',
  ]
  mkdirSync(codexDirectory, { recursive: true, mode: 0o700 })
  writeFileSync(configFile, lines.join('\n'), { mode: 0o600 })
  return { model, codexDirectory, configFile, env: { HOME: home, [keyVariable]: apiKey } }
}
