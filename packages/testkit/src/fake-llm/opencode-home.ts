/** A home in which the real `opencode` talks to a model server of ours: no login, no network, nothing to install. */

import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

/** Keeps OpenCode from every network connection but the one to its model. */
export const OPENCODE_ENVIRONMENT = {
  OPENCODE_DISABLE_AUTOUPDATE: '1',
  OPENCODE_DISABLE_MODELS_FETCH: '1',
  OPENCODE_DISABLE_LSP_DOWNLOAD: '1',
} as const

export interface OpenCodeHomeOptions {
  /** The models that are offered; the first is the configured one. */
  models?: readonly string[]
  /** False: the configuration names no model. */
  namesModel?: boolean
  /** Tokens. */
  contextWindow?: number
  /** US dollars per million tokens. */
  cost?: { input: number; output: number; cacheRead: number; cacheWrite: number }
  apiKey?: string
  /** On top of the configuration. */
  config?: Readonly<Record<string, unknown>>
}

export interface OpenCodeHome {
  provider: string
  model: string
  configFile: string
  env: Record<string, string>
}

const PROVIDER = 'fake'

/**
 * Writes `.config/opencode/opencode.json` under `home`. The provider is the one for OpenAI's chat completions that is part of
 * the program; another would be fetched from a registry at start.
 */
export function writeOpenCodeHome(home: string, llmUrl: string, options: OpenCodeHomeOptions = {}): OpenCodeHome {
  const { models = ['fake-model'], namesModel = true, contextWindow = 200_000, apiKey = 'fake-key' } = options
  const { cost = { input: 3, output: 15, cacheRead: 0.3, cacheWrite: 3.75 } } = options
  const model = `${PROVIDER}/${models[0] ?? 'fake-model'}`
  const priced = { input: cost.input, output: cost.output, cache_read: cost.cacheRead, cache_write: cost.cacheWrite }
  const offered = models.map((id) => [id, { name: id, limit: { context: contextWindow, output: 8192 }, cost: priced }] as const)
  const config = {
    // Without it OpenCode adds this line to the file by itself.
    $schema: 'https://opencode.ai/config.json',
    ...(namesModel ? { model, small_model: model } : {}),
    enabled_providers: [PROVIDER],
    provider: {
      [PROVIDER]: {
        npm: '@ai-sdk/openai-compatible',
        name: PROVIDER,
        options: { baseURL: `${llmUrl}/v1`, apiKey },
        models: Object.fromEntries(offered),
      },
    },
    ...options.config,
  }
  const directories = {
    XDG_CONFIG_HOME: join(home, '.config'),
    XDG_DATA_HOME: join(home, '.local', 'share'),
    XDG_STATE_HOME: join(home, '.local', 'state'),
    XDG_CACHE_HOME: join(home, '.cache'),
  }
  const configFile = join(directories.XDG_CONFIG_HOME, 'opencode', 'opencode.json')
  mkdirSync(join(directories.XDG_CONFIG_HOME, 'opencode'), { recursive: true, mode: 0o700 })
  writeFileSync(configFile, `${JSON.stringify(config, null, 2)}\n`, { mode: 0o600 })
  return { provider: PROVIDER, model, configFile, env: { HOME: home, ...directories, ...OPENCODE_ENVIRONMENT } }
}
