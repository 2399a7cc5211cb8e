/** What one launch is told on its command line, and so nowhere in the operator's settings. */

import type { FleetEndpoint } from '@mosaic/domain/ports/runtime'
import { CAP_SETTING, CONTEXT_CAP, STATUS_LINE_VARIABLE } from './environment.ts'

/** Hooks that are told of. SessionStart cannot be: Claude Code has it only as a command. */
export const HOOKS = [
  'UserPromptSubmit',
  'PreToolUse',
  'PostToolUse',
  'PostToolUseFailure',
  'PermissionRequest',
  'Stop',
  'StopFailure',
  'PreCompact',
  'PostCompact',
  'SessionEnd',
] as const
export type HookName = (typeof HOOKS)[number]

/** Seconds: after this Claude Code goes on without an answer. Longer than the longest hold. */
const HOOK_TIMEOUT_S = 15

export interface SettingsOptions {
  endpoint: FleetEndpoint
  yolo: boolean
  /** The mode that the operator's own settings begin in. */
  defaultMode: string | undefined
}

function hooks({ url, tokenVariable }: FleetEndpoint): Record<string, unknown> {
  const hook = (name: string) => ({
    type: 'http',
    url: `${url}/hook/${name}`,
    timeout: HOOK_TIMEOUT_S,
    headers: { Authorization: `Bearer $${tokenVariable}` },
    allowedEnvVars: [tokenVariable],
  })
  return Object.fromEntries(HOOKS.map((name) => [name, [{ hooks: [hook(name)] }]]))
}

/** For `--settings`. */
export function settingsJson({ endpoint, yolo, defaultMode }: SettingsOptions): string {
  return JSON.stringify({
    hooks: hooks(endpoint),
    [CAP_SETTING]: CONTEXT_CAP,
    spinnerTipsEnabled: false,
    // The one channel on which it tells the windows of its account. It runs when something changed, never when idle.
    statusLine: { type: 'command', command: `cat >"$${STATUS_LINE_VARIABLE}"` },
    // Said again here, it is a choice of this launch, which Claude Code does not offer to change by a dialog.
    ...(defaultMode === undefined ? {} : { permissions: { defaultMode } }),
    ...(yolo ? { skipDangerousModePermissionPrompt: true } : {}),
  })
}

/** For `--mcp-config`: the fleet's tools, and the stream over which it is pinged. */
export function mcpJson({ url, tokenVariable }: FleetEndpoint): string {
  const headers = { Authorization: `Bearer \${${tokenVariable}}` }
  return JSON.stringify({ mcpServers: { fleet: { type: 'http', url: `${url}/mcp`, headers, alwaysLoad: true } } })
}
