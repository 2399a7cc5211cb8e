/** An agent that answers, and says that it cannot work: healthy by its heartbeat, and of no use until somebody helps it. */

import type { AgentRecord } from '@mosaic/domain/agent-record'

/** What its runtime says keeps it from taking a message; `undefined` when nothing does. */
export const unableBecause = ({ activity, activity_detail }: AgentRecord): string | undefined =>
  activity === 'idle' ? (activity_detail ?? undefined) : undefined
