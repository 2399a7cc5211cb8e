import { resolvePaths } from '@mosaic/host/paths'
import { ensureService } from '@mosaic/host/service/start'
import { supervisorContract } from '@mosaic/testkit/contracts/supervisor-contract'
import type { Supervise } from '@mosaic/testkit/contracts/supervisor-scene'
import { eventuallyDead } from '@mosaic/testkit/faults'

/** The policy as the service reads it. */
const VARIABLES = {
  firstDelayMs: 'MOSAIC_RESTART_DELAY_MS',
  maxRestarts: 'MOSAIC_RESTART_MAX',
  windowMs: 'MOSAIC_RESTART_WINDOW_MS',
} as const

const ofItsOwnProcess: Supervise = async (home, policy) => {
  const settings = Object.entries(VARIABLES).flatMap(([key, variable]) => {
    const value = policy[key as keyof typeof VARIABLES]
    return value === undefined ? [] : [[variable, String(value)]]
  })
  const open = () => ensureService(resolvePaths({ env: home.env }), { env: { ...home.env, ...Object.fromEntries(settings) } })
  let fleet = await open()
  return {
    get fleet() {
      return fleet
    },
    async replace(meanwhile = async () => {}) {
      const { pid } = await fleet.status()
      process.kill(pid, 'SIGTERM')
      await eventuallyDead(pid)
      await fleet[Symbol.asyncDispose]()
      await meanwhile()
      fleet = await open()
    },
    [Symbol.asyncDispose]: () => fleet[Symbol.asyncDispose](),
  }
}

supervisorContract('the host service', ofItsOwnProcess)
