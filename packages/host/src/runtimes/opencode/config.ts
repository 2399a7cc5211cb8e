/** What one launch adds to the operator's own configuration of OpenCode. It travels in the environment; no file is touched. */

import type { AgentDefinition } from '@mosaic/domain/agent'
import { FleetError } from '@mosaic/domain/error'
import type { FleetEndpoint } from '@mosaic/domain/ports/runtime'

/** The variable whose JSON OpenCode merges over all of the operator's files; lists of instructions are joined. */
export const CONFIG_VARIABLE = 'OPENCODE_CONFIG_CONTENT'

export interface ModelName {
  providerID: string
  modelID: string
}

/** `provider/model`; the model's own name may hold more slashes. */
export function parseModel(text: string): ModelName | undefined {
  const [, providerID, modelID] = /^([^/\s]+)\/(\S+)$/.exec(text) ?? []
  return providerID === undefined || modelID === undefined ? undefined : { providerID, modelID }
}

/** @throws FleetError `invalid` for a model that the roster does not name as OpenCode does */
export function modelOf({ model, name }: Pick<AgentDefinition, 'model' | 'name'>): ModelName | undefined {
  if (model === undefined) return undefined
  const parsed = parseModel(model)
  if (parsed !== undefined) return parsed
  throw new FleetError('invalid', `${name}: OpenCode names a model as provider/model, not ${model}`, {
    reason: 'model',
    mend: 'opencode models, and correct model_hint in the roster',
  })
}

/**
 * The bearer token stays in its variable: OpenCode itself puts it in place of `{env:...}`. Permissions are the operator's;
 * an agent that may do everything is given `--auto` instead.
 */
export function launchConfig(request: { contractFile: string; endpoint: FleetEndpoint; model: string | undefined }): string {
  const { contractFile, endpoint, model } = request
  return JSON.stringify({
    ...(model === undefined ? {} : { model }),
    autoupdate: false,
    share: 'disabled',
    instructions: [contractFile],
    mcp: {
      fleet: {
        type: 'remote',
        url: `${endpoint.url}/mcp`,
        enabled: true,
        oauth: false,
        headers: { Authorization: `Bearer {env:${endpoint.tokenVariable}}` },
      },
    },
  })
}
