/** The composition root: every part of the host service made and connected here, and nowhere else. */

import { randomBytes } from 'node:crypto'
import type { FleetDefinition } from '@mosaic/domain/agent'
import { Acting } from '@mosaic/host/audit/acting'
import { openAudit } from '@mosaic/host/audit/audit-log'
import { LocalFleet } from '@mosaic/host/local-fleet'
import { adapterOf, runtimeAdapters } from '@mosaic/host/runtimes/registry'
import { ServiceServer } from '@mosaic/host/service/server'
import { Tenancy } from '@mosaic/host/service/tenancy'
import { systemClock } from '@mosaic/host/system-clock'
import { Tmux } from '@mosaic/host/tmux/tmux'
import { TmuxSessionHost } from '@mosaic/host/tmux/tmux-session-host'
import type { ServiceConfig } from './config.ts'
import { removeServiceFiles } from './run-files.ts'
import { SessionWatch } from './session-watch.ts'
import { VERSION } from './version.ts'

export interface RunningService extends AsyncDisposable {
  /** Settles when an operator has stopped the whole fleet. */
  shutDown: Promise<void>
  /** Settles when its home was removed under it, with the reason: it is to end then, and touches nothing of another service. */
  lost: Promise<string>
  /** Variables of the environment that the roster passes on to its agents. */
  inherits: readonly string[]
}

/** The fleet's sessions in tmux, and what watches them. */
function sessionsOf({ socketName, holderSession }: FleetDefinition, config: ServiceConfig, tenancy: Tenancy, log: (text: string) => void) {
  const tmux = new Tmux({ socketName, env: config.env })
  const host = new TmuxSessionHost(tmux, holderSession)
  return { host, watch: new SessionWatch({ tmux, host, config, holderSession, tenancy, log }) }
}

interface Served {
  config: ServiceConfig
  fleet: LocalFleet
  tenancy: Tenancy
  acting: Acting
  log(text: string): void
}

/** Answers at the service's socket. Nothing is done for whoever reaches it after its home was lost. */
async function serve({ config, fleet, tenancy, acting, log }: Served): Promise<{ server: ServiceServer; shutDown: Promise<void> }> {
  const { serviceSocket: socket, roster } = config.paths
  const startedAt = new Date().toISOString()
  const { promise: shutDown, resolve: announce } = Promise.withResolvers<void>()
  const server = await ServiceServer.listen(socket, {
    fleet,
    log,
    actAs: (session, act) => {
      tenancy.assert()
      return acting.as(session, act)
    },
    status: () => ({ pid: process.pid, version: VERSION, startedAt, socket, roster }),
    onShutdown: () => announce(),
  })
  return { server, shutDown }
}

/** Takes over the fleet and listens. The caller holds the service lock. */
export async function startService(config: ServiceConfig, log: (text: string) => void): Promise<RunningService> {
  const { paths, machine, policy, env } = config
  const tenancy = new Tenancy(paths)
  const adapters = runtimeAdapters(env)
  const acting = new Acting()
  let watch: SessionWatch | undefined
  let stopped = false
  const fleet = await LocalFleet.open({
    paths,
    machine,
    policy,
    log,
    adapterOf: (agent) => adapterOf(agent, adapters),
    clock: systemClock,
    audit: openAudit(paths),
    acting,
    launcherEnv: env,
    random: (bytes) => randomBytes(bytes),
    openHost: async (definition) => {
      const opened = sessionsOf(definition, config, tenancy, log)
      watch = opened.watch
      await watch.open()
      return opened.host
    },
    closing: async () => {
      stopped = true
      await watch?.[Symbol.asyncDispose]()
    },
  })
  watch?.listen(() => fleet.changed())
  const { server, shutDown } = await serve({ config, fleet, tenancy, acting, log })
  // Stored between the take-over and now, by senders who found nobody to tell.
  fleet.deliverStored()
  return {
    shutDown,
    lost: tenancy.lost,
    inherits: fleet.definition.agents.flatMap(({ inherit = [] }) => inherit),
    async [Symbol.asyncDispose]() {
      const holds = tenancy.holds()
      tenancy[Symbol.dispose]()
      // Closing would remove a socket file, and more, that another service of this home has made at the same place.
      if (!holds) return watch?.[Symbol.asyncDispose]()
      await server[Symbol.asyncDispose]()
      await watch?.[Symbol.asyncDispose]()
      await fleet[Symbol.asyncDispose]()
      removeServiceFiles(paths, { all: stopped })
    },
  }
}
