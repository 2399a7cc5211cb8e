/**
 * Every bench, one after the other.
 *
 *   node bench/all.ts [--json] [--quick]
 */

import { accepted } from './accepted.ts'
import { main } from './bench.ts'
import { cliStart } from './cli-start.ts'
import { death } from './death.ts'
import { fleetPs } from './fleet-ps.ts'
import { memory } from './memory.ts'
import { up } from './up.ts'

await main([cliStart, up, accepted, death, memory, fleetPs])
