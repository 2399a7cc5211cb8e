/** Which model an agent's messages go to, and whether anybody chose it: OpenCode itself would fall back to a hosted one. */

import { join } from 'node:path'
import type { AgentDefinition } from '@mosaic/domain/agent'
import { readBounded } from '../../files/read-bounded.ts'
import { type Fields, fieldsOf, listOf, numberOf, textOf } from '../fields.ts'
import { type ModelName, parseModel } from './config.ts'
import type { ServerClient } from './server-client.ts'

const CALL_MS = 30_000
const MAX_STATE_BYTES = 1024 * 1024

export interface ModelFacts {
  /** Tokens. */
  contextLimit: number | null
  priced: boolean
  variants: readonly string[]
}

export interface ModelChoice {
  /** What the roster names: it goes with every message, also into a conversation that began with another. */
  given: ModelName | undefined
  variant: string | undefined
  /** Why no message is given to it; `undefined`: it can work. */
  problem: { reason: 'model' | 'logged-out'; detail: string } | undefined
  facts(providerID: string, modelID: string): ModelFacts | undefined
}

function factsOf(model: Fields): ModelFacts {
  const cost = fieldsOf(model['cost'])
  const context = numberOf(fieldsOf(model['limit'])['context'])
  return {
    contextLimit: context === undefined || context === 0 ? null : context,
    priced: (numberOf(cost['input']) ?? 0) + (numberOf(cost['output']) ?? 0) > 0,
    variants: Object.keys(fieldsOf(model['variants'])),
  }
}

/** Models by `provider/model`. */
function offeredIn(providers: unknown): Map<string, ModelFacts> {
  const offered = new Map<string, ModelFacts>()
  for (const provider of listOf(fieldsOf(providers)['providers']).map(fieldsOf)) {
    const models = Object.entries(fieldsOf(provider['models']))
    for (const [id, model] of models) offered.set(`${textOf(provider['id'])}/${id}`, factsOf(fieldsOf(model)))
  }
  return offered
}

/** The model that a person chose last in OpenCode's own menu and that is still offered. */
function lastChosen(stateDirectory: string | undefined, offered: ReadonlyMap<string, unknown>): string | undefined {
  if (stateDirectory === undefined) return undefined
  const read = readBounded(join(stateDirectory, 'model.json'), MAX_STATE_BYTES)
  if (!('text' in read)) return undefined
  try {
    const recent = listOf(fieldsOf(JSON.parse(read.text) as unknown)['recent']).map(fieldsOf)
    return recent.map(({ providerID, modelID }) => `${textOf(providerID)}/${textOf(modelID)}`).find((name) => offered.has(name))
  } catch {
    return undefined
  }
}

const UNNAMED = {
  reason: 'model',
  detail: 'no model is named: set model_hint in the roster, or "model" in opencode.json (opencode models lists them)',
} as const

/** @returns `undefined` when the server did not answer */
export async function chooseModel(server: ServerClient, agent: AgentDefinition): Promise<ModelChoice | undefined> {
  const [config, providers, paths] = await Promise.all(['/config', '/config/providers', '/path'].map((path) => server.get(path, CALL_MS)))
  if (config === undefined || providers === undefined) return undefined
  const offered = offeredIn(providers)
  const { model, agent: modes, default_agent: mode } = fieldsOf(config)
  const configured = textOf(fieldsOf(fieldsOf(modes)[textOf(mode) ?? 'build'])['model']) ?? textOf(model)
  const name = agent.model ?? configured ?? lastChosen(textOf(fieldsOf(paths)['state']), offered)
  const facts = name === undefined ? undefined : offered.get(name)
  const absent = {
    reason: 'logged-out',
    detail: `${name} is not offered here: log in with "opencode auth login", or name another model (opencode models lists them)`,
  } as const
  const variant = agent.effort !== undefined && facts?.variants.includes(agent.effort) ? agent.effort : undefined
  return {
    given: agent.model === undefined ? undefined : parseModel(agent.model),
    variant,
    problem: name === undefined ? UNNAMED : facts === undefined ? absent : undefined,
    facts: (providerID, modelID) => offered.get(`${providerID}/${modelID}`),
  }
}
