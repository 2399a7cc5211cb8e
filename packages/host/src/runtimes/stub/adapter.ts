/** The built-in runtime: always there, needs no account, takes its messages as a person would: by a paste and Enter. */

import { existsSync } from 'node:fs'
import { basename } from 'node:path'
import { FleetError } from '@mosaic/domain/error'
import type { ConnectContext, RuntimeAdapter, RuntimeSession } from '@mosaic/domain/ports/runtime'
import { LinkClient } from '../../link/link-client.ts'
import { programPath } from '../../programs.ts'
import { askOver, resetOver } from '../link-session.ts'

/** Version of the stub's behaviour; it ships with the product. */
const VERSION = '1'
/** Variables of the launcher's that it may inherit. */
export const STUB_INHERITED: readonly string[] = ['MOSAIC_STUB_THINK_MS', 'NO_COLOR']

function connect(context: ConnectContext): RuntimeSession {
  const link = new LinkClient(context.linkSocket)
  return {
    ask: (timeoutMs) => askOver(link, timeoutMs),
    reset: () => resetOver(link),
  }
}

export const stubAdapter: RuntimeAdapter = {
  id: 'stub',
  acceptanceSignal: 'stub:accepted',
  heartbeat: 'itself',
  dropsDuplicates: true,
  locate: async (agent) => {
    if (agent.command !== undefined) return { argv: agent.command, version: 'custom' }
    const program = programPath('stub-runtime')
    if (existsSync(program)) return { argv: [process.execPath, program], version: VERSION }
    throw new FleetError('missing', `the stub runtime is not built: ${program} does not exist`, { mend: 'node scripts/build.ts' })
  },
  launch: ({ program }) => ({ argv: program.argv, env: {}, inherit: STUB_INHERITED }),
  connect,
  recognises: (argv) => argv.slice(0, 3).some((word) => basename(word) === 'stub-runtime.mjs'),
}
