/** Who sends: the agent in whose pane this runs, else the operator. No pane is asked. */

import { formatAddress, nameProblem } from '@mosaic/domain/address'
import { FleetError } from '@mosaic/domain/error'
import { OPERATOR_SESSION } from '@mosaic/domain/message-text'

/** Where the sender is. */
export interface Place {
  tenant_id: string
  host: string
}

const filled = (text: string | undefined): string | undefined => (text === undefined || text === '' ? undefined : text)

/**
 * `tenant@host:session` of the sender.
 * @param label `--source-label`, which takes the place of the session
 * @throws FleetError `invalid` for a label that could not be answered
 */
export function senderAddress(env: Readonly<Record<string, string | undefined>>, here: Place, label: string | undefined): string {
  const problem = label === undefined ? undefined : nameProblem(label)
  if (problem !== undefined) {
    throw new FleetError('invalid', `bad --source-label ${JSON.stringify(label)}: ${problem}`, {
      mend: 'use letters, digits, "_" and "-", e.g. --source-label ci',
      reason: 'usage',
    })
  }
  const agent = filled(env['MOSAIC_AGENT'])
  return formatAddress({
    tenant_id: (agent === undefined ? undefined : filled(env['MOSAIC_TENANT'])) ?? here.tenant_id,
    host: (agent === undefined ? undefined : filled(env['MOSAIC_HOST'])) ?? here.host,
    session: label ?? agent ?? OPERATOR_SESSION,
  })
}
