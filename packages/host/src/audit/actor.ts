/** Who acts, as the audit names them: always `tenant@host:session`. */

import { formatAddress, nameProblem } from '@mosaic/domain/address'
import { OPERATOR_SESSION } from '@mosaic/domain/message-text'

/** The agent in whose pane a process runs, else the operator. No pane is asked. */
export function callerSession(env: Readonly<Record<string, string | undefined>>): string {
  const agent = env['MOSAIC_AGENT'] ?? ''
  return nameProblem(agent) === undefined ? agent : OPERATOR_SESSION
}

/** Whose fleet it is. */
export interface Place {
  tenantId: string
  host: string
}

export const actorAddress = ({ tenantId, host }: Place, session: string): string => formatAddress({ tenant_id: tenantId, host, session })
