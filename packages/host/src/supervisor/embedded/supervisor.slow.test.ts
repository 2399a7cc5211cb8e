import { supervisorContract } from '@mosaic/testkit/contracts/supervisor-contract'
import type { Supervise } from '@mosaic/testkit/contracts/supervisor-scene'
import { type OpenedFleet, openLocalFleet } from '../../fixtures/local-fleet-of.ts'

const embedded: Supervise = async ({ env }, policy) => {
  const open = () => openLocalFleet({ env, policy })
  let opened: OpenedFleet = await open()
  return {
    get fleet() {
      return opened.fleet
    },
    async replace(meanwhile = async () => {}) {
      await opened[Symbol.asyncDispose]()
      await meanwhile()
      opened = await open()
    },
    [Symbol.asyncDispose]: () => opened[Symbol.asyncDispose](),
  }
}

supervisorContract('the embedded supervisor', embedded)
