/** A life as the join behind `fleet ps` takes it. */

import type { Clock } from '@mosaic/domain/ports/clock'
import type { SupervisedAs } from '../../snapshot.ts'
import type { AgentLife } from './agent-life.ts'

export function supervisedAs(life: AgentLife | undefined, clock: Clock): SupervisedAs | undefined {
  if (life === undefined) return undefined
  const { wanted, failed, state, launchId, launchedAs, lastExit } = life
  const upForMs = clock.monotonicMs() - life.upSinceMs
  return { wanted, failed, state, launchId, launchedAs, lastExit, restarts: life.deathsMs.length, upForMs }
}
