/** What a supervisor of agents promises: every wanted agent up, paced and bounded; what is not its own, untouched. */

import { deathsUnder } from './supervisor-deaths.ts'
import { ordersUnder } from './supervisor-orders.ts'
import { type Supervise, supervisedBy } from './supervisor-scene.ts'

export function supervisorContract(name: string, supervise: Supervise): void {
  const scene = supervisedBy(supervise)
  deathsUnder(name, scene)
  ordersUnder(name, scene)
}
