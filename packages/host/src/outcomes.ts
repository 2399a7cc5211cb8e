/** Acts on several agents at once, each told of by itself. */

import { FleetError } from '@mosaic/domain/error'
import type { AgentOutcome } from '@mosaic/domain/fleet-control'
import { fileError } from './files/file-error.ts'

function failed(name: string, error: unknown, log: (text: string) => void): AgentOutcome {
  const known = error instanceof FleetError ? error : fileError(error)
  log(`${name}: ${(error as Error).stack ?? String(error)}`)
  return {
    name,
    did: 'failed',
    detail: known === undefined ? 'internal error' : [known.message, known.mend].filter(Boolean).join('; mend: '),
  }
}

/** One that fails is told of; the others are done all the same. */
export const outcomesOf = (
  names: readonly string[],
  act: (name: string) => Promise<AgentOutcome>,
  log: (text: string) => void,
): Promise<AgentOutcome[]> => Promise.all(names.map((name) => act(name).catch((error: unknown) => failed(name, error, log))))

/** @throws FleetError `not_done` when one was not stopped */
export function assertStopped(outcomes: readonly AgentOutcome[]): void {
  const left = outcomes.filter(({ did }) => did === 'failed')
  if (left.length === 0) return
  throw new FleetError('not_done', `not stopped: ${left.map(({ name, detail }) => `${name} (${detail ?? 'unknown'})`).join(', ')}`, {
    mend: 'mosaic fleet stop again; what is wrong stands in the log of the host service',
  })
}
