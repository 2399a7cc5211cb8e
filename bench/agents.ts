/** Small fleets of real runtimes: the built-in stub, and pi that talks to a model server of ours. */

import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { connectService, type ServiceClient } from '@mosaic/host/service/client'
import { writePiHome } from '@mosaic/testkit/fake-llm/pi-home'
import { FleetUnderTest } from '../e2e/fleet-under-test.ts'
import { NODE } from './commands.ts'

export const RUNTIMES = ['stub', 'pi'] as const
export type BenchRuntime = (typeof RUNTIMES)[number]

/** As in life, seconds. */
const HEARTBEAT_S = 15

/**
 * A model server in a process of its own: it must not take time from whoever measures. It ends with the world whose HOME it has.
 * @returns its URL
 */
async function startModelServer(env: Readonly<Record<string, string>>): Promise<string> {
  const program = fileURLToPath(import.meta.resolve('@mosaic/testkit/fake-llm/main'))
  const child = spawn(NODE, ['--disable-warning=ExperimentalWarning', program], { env, stdio: ['ignore', 'pipe', 'inherit'] })
  const { value } = await createInterface({ input: child.stdout })[Symbol.asyncIterator]().next()
  return (JSON.parse(String(value)) as { url: string }).url
}

/** Makes `home` one in which pi starts: without login, without network. */
export async function preparePi(home: FleetUnderTest['home']): Promise<void> {
  writePiHome(home.home, await startModelServer(home.env))
}

export interface WorldOptions {
  size: number
  /** Settings of the host service. */
  env?: Readonly<Record<string, string>>
}

/** A world with a roster of `size` agents of one runtime; nothing is started. */
export async function worldOf(runtime: BenchRuntime, { size, env = {} }: WorldOptions): Promise<FleetUnderTest> {
  const fleet = await FleetUnderTest.make({ heartbeatInterval: HEARTBEAT_S, env })
  if (runtime === 'pi') await preparePi(fleet.home)
  writeSize(fleet, runtime, size)
  return fleet
}

/** Another number of agents from the next start on. */
export function writeSize(fleet: FleetUnderTest, runtime: BenchRuntime, size: number): void {
  const names = ['orchestrator', ...Array.from({ length: size - 1 }, (_, index) => `coder${index}`)]
  const agents = names.map((name) => `  - name: ${name}\n`).join('')
  fleet.writeRoster(`defaults:\n  runtime: ${runtime}\n  working_directory: /tmp\nagents:\n${agents}`)
}

/** @throws Error when no host service listens */
export async function serviceOf(fleet: FleetUnderTest): Promise<ServiceClient> {
  const client = await connectService(fleet.paths)
  if (client === undefined) throw new Error('no host service listens')
  return client
}
