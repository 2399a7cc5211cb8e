/** The host service's settings, read from the environment once. */

import type { MachineDefaults } from '@mosaic/domain/agent'
import { FleetError } from '@mosaic/domain/error'
import { DEFAULT_RESTART_POLICY, type RestartPolicy } from '@mosaic/domain/lifecycle'
import { type MosaicPaths, machineDefaults, resolvePaths } from '@mosaic/host/paths'
import { serviceEnvironment } from '@mosaic/host/service/start'

export interface ServiceConfig {
  paths: MosaicPaths
  machine: MachineDefaults
  policy: RestartPolicy
  /** A named point at which a test has the process killed. */
  fault: string | undefined
  /** With every place in it absolute: what is kept of it has to hold for a successor that starts in another directory. */
  env: Readonly<Record<string, string | undefined>>
}

function natural(env: ServiceConfig['env'], name: string, fallback: number): number {
  const text = env[name]
  if (text === undefined || text === '') return fallback
  const value = Number(text)
  if (Number.isInteger(value) && value > 0) return value
  throw new FleetError('invalid', `${name} is ${JSON.stringify(text)}`, { mend: `give a whole number above 0, e.g. ${name}=${fallback}` })
}

/** @throws FleetError `invalid` for a setting that is no number */
export function readConfig(env: ServiceConfig['env']): ServiceConfig {
  const paths = resolvePaths({ env })
  return {
    env: serviceEnvironment(paths, env),
    paths,
    machine: machineDefaults(env),
    policy: {
      ...DEFAULT_RESTART_POLICY,
      firstDelayMs: natural(env, 'MOSAIC_RESTART_DELAY_MS', DEFAULT_RESTART_POLICY.firstDelayMs),
      maxRestarts: natural(env, 'MOSAIC_RESTART_MAX', DEFAULT_RESTART_POLICY.maxRestarts),
      windowMs: natural(env, 'MOSAIC_RESTART_WINDOW_MS', DEFAULT_RESTART_POLICY.windowMs),
    },
    fault: env['MOSAIC_FAULT'],
  }
}
