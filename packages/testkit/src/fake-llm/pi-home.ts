/** A home in which the real `pi` talks to a model server of ours: no login, no network. */

import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { ProtocolId } from './protocol.ts'

/** Keeps pi from every network connection but the one to its model. */
export const PI_ENVIRONMENT = { PI_OFFLINE: '1', PI_SKIP_VERSION_CHECK: '1', PI_TELEMETRY: '0' } as const

export interface PiHomeOptions {
  api?: ProtocolId
  /** The models that pi offers; the first is its default. */
  models?: readonly string[]
  /** Tokens. */
  contextWindow?: number
  /** US dollars per million tokens. */
  cost?: { input: number; output: number; cacheRead: number; cacheWrite: number }
  apiKey?: string
  /** On top of the settings that keep a test quiet. */
  settings?: Readonly<Record<string, unknown>>
}

export interface PiHome {
  provider: string
  model: string
  /** `PI_CODING_AGENT_DIR` of this home. */
  agentDirectory: string
  env: Record<string, string>
}

const PROVIDER = 'fake'

/** Writes `.pi/agent/models.json` and `settings.json` under `home`; `env` is what the program needs on top of its own. */
export function writePiHome(home: string, llmUrl: string, options: PiHomeOptions = {}): PiHome {
  const { api = 'anthropic-messages', models = ['fake-model'], contextWindow = 200_000, apiKey = 'fake-key' } = options
  const { cost = { input: 3, output: 15, cacheRead: 0.3, cacheWrite: 3.75 } } = options
  const model = models[0] ?? 'fake-model'
  const agentDirectory = join(home, '.pi', 'agent')
  const provider = {
    name: PROVIDER,
    // Each client appends the rest of its path; only Anthropic's brings its own `/v1`.
    baseUrl: api === 'anthropic-messages' ? llmUrl : `${llmUrl}/v1`,
    api,
    apiKey,
    models: models.map((id) => ({ id, name: id, reasoning: false, input: ['text'], cost, contextWindow, maxTokens: 8192 })),
  }
  const settings = {
    defaultProvider: PROVIDER,
    defaultModel: model,
    defaultThinkingLevel: 'off',
    cacheWarming: 'off',
    quietStartup: true,
    enableInstallTelemetry: false,
    ...options.settings,
  }
  mkdirSync(agentDirectory, { recursive: true, mode: 0o700 })
  writeFileSync(join(agentDirectory, 'models.json'), `${JSON.stringify({ providers: { [PROVIDER]: provider } }, null, 2)}\n`, {
    mode: 0o600,
  })
  writeFileSync(join(agentDirectory, 'settings.json'), `${JSON.stringify(settings, null, 2)}\n`, { mode: 0o600 })
  return { provider: PROVIDER, model, agentDirectory, env: { HOME: home, ...PI_ENVIRONMENT } }
}
