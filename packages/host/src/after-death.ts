/** What is done when an agent has died, or is given up, besides bringing it back. */

import { join } from 'node:path'
import type { FleetDefinition } from '@mosaic/domain/agent'
import { atomicWrite } from './files/atomic-write.ts'
import { makeRoom } from './files/remove.ts'
import type { PostOffice } from './mailbox/post-office.ts'
import type { MosaicPaths } from './paths.ts'

/** The last screen of an ended process, for whoever asks why. An empty one says nothing. */
export function keepLastScreen(paths: MosaicPaths, name: string, screen: string, log: (text: string) => void): void {
  if (screen.trim() === '') return
  try {
    const file = join(paths.stateOf(name), 'last-screen.txt')
    makeRoom(file)
    atomicWrite(file, screen, { durable: false })
  } catch (error) {
    log(`${name}: its last screen was not kept: ${(error as Error).message}`)
  }
}

/** A given-up agent is told to the orchestrator; the operator sees it in `fleet ps` and the events. */
export function tellOrchestrator(post: PostOffice, fleet: FleetDefinition, name: string, exit: string, log: (text: string) => void): void {
  const orchestrator = fleet.agents.find((agent) => agent.class === 'orchestrator')
  if (orchestrator === undefined || orchestrator.name === name) return
  try {
    post.notify(fleet, orchestrator, `${name} failed (${exit}) and is not restarted any more. See: mosaic agent status ${name}`)
  } catch (error) {
    log(`the orchestrator was not told that ${name} failed: ${(error as Error).message}`)
  }
}
