/** The one pause switch: a file, so that it holds with and without a host service. */

import { existsSync, mkdirSync } from 'node:fs'
import { dirname } from 'node:path'
import { actorAddress, callerSession } from '@mosaic/host/audit/actor'
import { atomicWrite } from '@mosaic/host/files/atomic-write'
import { removeSwitch } from '@mosaic/host/files/remove'
import type { Context } from '../context.ts'
import { requireRoster } from './open.ts'

/** Sets or removes the switch; `changed` is false when it stood so already. */
export async function setPaused(context: Context, paused: boolean): Promise<{ changed: boolean }> {
  const { pausedFile } = context.paths
  const client = await context.service()
  if (client === undefined) requireRoster(context)
  const changed = existsSync(pausedFile) !== paused
  if (client !== undefined) {
    await (paused ? client.pause() : client.resume())
    return { changed }
  }
  if (!changed) return { changed }
  const [{ openAudit }, { definedFleet }, { machineDefaults }] = await Promise.all([
    import('@mosaic/host/audit/audit-log'),
    import('@mosaic/host/local-view'),
    import('@mosaic/host/paths'),
  ])
  const fleet = definedFleet(context.paths, machineDefaults(context.world.env))
  const verb = paused ? 'pause' : 'resume'
  openAudit(context.paths).record({
    atMs: Date.now(),
    tenant_id: fleet.tenantId,
    host: fleet.host,
    actor: actorAddress(fleet, callerSession(context.world.env)),
    verb,
    agent: null,
    ref: null,
    detail: {},
  })
  if (paused) {
    mkdirSync(dirname(pausedFile), { recursive: true, mode: 0o700 })
    atomicWrite(pausedFile, `${new Date().toISOString()}\n`)
  } else removeSwitch(pausedFile)
  return { changed }
}
