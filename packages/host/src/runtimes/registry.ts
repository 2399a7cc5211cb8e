/** The runtimes of this version. */

import { FleetError } from '@mosaic/domain/error'
import type { RuntimeAdapter } from '@mosaic/domain/ports/runtime'
import type { RuntimeId } from '@mosaic/domain/roster'
import { INHERITED } from '../launch/agent-environment.ts'
import { piAdapter } from './pi/adapter.ts'
import { PI_INHERITED } from './pi/environment.ts'
import { STUB_INHERITED, stubAdapter } from './stub/adapter.ts'

export type RuntimeAdapters = ReadonlyMap<RuntimeId, RuntimeAdapter>

/** @param path where runtimes are looked for, as in PATH */
export function runtimeAdapters(path: string = process.env['PATH'] ?? ''): RuntimeAdapters {
  return new Map([stubAdapter, piAdapter(path)].map((adapter) => [adapter.id, adapter]))
}

/** Every variable of the launcher's environment that some launch may pass on. */
export const INHERITABLE: ReadonlySet<string> = new Set([...INHERITED, 'PATH', ...PI_INHERITED, ...STUB_INHERITED])

/** @throws FleetError `missing` for a runtime that this version cannot run */
export function adapterOf(id: RuntimeId, adapters: RuntimeAdapters): RuntimeAdapter {
  const adapter = adapters.get(id)
  if (adapter !== undefined) return adapter
  throw new FleetError('missing', `the runtime ${id} is not supported by this version yet`, {
    mend: `use one of: ${[...adapters.keys()].join(', ')}`,
  })
}
