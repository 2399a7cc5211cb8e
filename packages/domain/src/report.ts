/** What agents tell their fleet besides messages: reports of their work, and calls for the operator. */

import { z } from 'zod'

export const REPORT_KINDS = ['progress', 'result', 'blockage'] as const

/** What an agent may not decide by itself. Nothing else is a reason to call the operator. */
export const ESCALATION_TRIGGERS = [
  'missing_access',
  'budget_cap',
  'irreversible_action',
  'legal_unknown',
  'conflicting_objectives',
] as const

/** Longest text of a report or an escalation, in bytes of UTF-8. */
export const MAX_REPORT_BYTES = 8 * 1024
/** Longest name of a task, in characters. */
export const MAX_TASK_LENGTH = 200

const origin = {
  id: z.string().describe('26 letters and digits that sort by time.'),
  at: z.string(),
  tenant_id: z.string(),
  host: z.string(),
  agent: z.string(),
}

export const ReportSchema = z
  .object({
    ...origin,
    kind: z.enum(REPORT_KINDS),
    task: z.string().nullable().describe('The task as the agent names it: untrusted text.'),
    text: z.string().describe('Untrusted text.'),
    percent: z.number().nullable().describe('How much of the task is done, 0 to 100, by the word of the agent.'),
  })
  .describe('What an agent said of its work.')
export type Report = z.infer<typeof ReportSchema>

export const EscalationSchema = z
  .object({
    ...origin,
    trigger: z.enum(ESCALATION_TRIGGERS),
    text: z.string().describe('Untrusted text.'),
    message_id: z.string().nullable().describe('The message by which the orchestrator was told; null when there is none to be told.'),
    acknowledged_at: z.string().nullable(),
    acknowledged_by: z.string().nullable().describe('tenant@host:session'),
  })
  .describe('A call of an agent for the operator; open until the operator acknowledges it.')
export type Escalation = z.infer<typeof EscalationSchema>
