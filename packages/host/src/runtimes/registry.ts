/** The runtimes of this version, and those that a roster describes. */

import type { AgentDefinition } from '@mosaic/domain/agent'
import { FleetError } from '@mosaic/domain/error'
import type { RuntimeAdapter } from '@mosaic/domain/ports/runtime'
import type { RuntimeId } from '@mosaic/domain/roster'
import { INHERITED } from '../launch/agent-environment.ts'
import { claudeAdapter } from './claude/adapter.ts'
import { CLAUDE_INHERITED } from './claude/environment.ts'
import { codexAdapter } from './codex/adapter.ts'
import { CODEX_INHERITED } from './codex/environment.ts'
import { customAdapter } from './custom/adapter.ts'
import { opencodeAdapter } from './opencode/adapter.ts'
import { OPENCODE_INHERITED } from './opencode/environment.ts'
import { piAdapter } from './pi/adapter.ts'
import { PI_INHERITED } from './pi/environment.ts'
import { STUB_INHERITED, stubAdapter } from './stub/adapter.ts'

export type RuntimeAdapters = ReadonlyMap<RuntimeId, RuntimeAdapter>

/** @param env the launcher's; runtimes are looked for on its PATH */
export function runtimeAdapters(env: Readonly<Record<string, string | undefined>>): RuntimeAdapters {
  const path = env['PATH'] ?? ''
  const adapters = [stubAdapter, piAdapter(path), claudeAdapter(path, env), codexAdapter(path), opencodeAdapter(path)]
  return new Map(adapters.map((adapter) => [adapter.id, adapter]))
}

/** Every variable of the launcher's environment that some launch may pass on. */
export const INHERITABLE: ReadonlySet<string> = new Set([
  ...INHERITED,
  'PATH',
  ...PI_INHERITED,
  ...STUB_INHERITED,
  ...CLAUDE_INHERITED,
  ...CODEX_INHERITED,
  ...OPENCODE_INHERITED,
])

/** @throws FleetError `missing` for a runtime that neither this version knows nor the roster describes */
export function adapterOf(agent: Pick<AgentDefinition, 'runtime' | 'command' | 'screenRules'>, adapters: RuntimeAdapters): RuntimeAdapter {
  const adapter = adapters.get(agent.runtime)
  if (adapter !== undefined) return adapter
  if (agent.command !== undefined) return customAdapter(agent)
  throw new FleetError('missing', `this version does not know the runtime ${agent.runtime}`, {
    mend: `use one of ${[...adapters.keys()].join(', ')}, or describe it in the roster: runtimes.${agent.runtime}.command`,
  })
}
