/** The tools that agents have of their fleet: what each takes, and what models are told about it. */

import { z } from 'zod'
import { isMessageId, MAX_MESSAGE_BYTES } from './message-text.ts'
import { ESCALATION_TRIGGERS, MAX_REPORT_BYTES, MAX_TASK_LENGTH, REPORT_KINDS } from './report.ts'

/** How long an agent may wait for a receipt within one call, seconds: clients give up on a call after a minute. */
export const MAX_WAIT_SECONDS = 30
export const MAX_INBOX = 50
const DEFAULT_INBOX = 10

const nothing = z.strictObject({})

const send = z.strictObject({
  to: z.string().min(1).max(400).describe("The peer's name as fleet_peers shows it, or its address tenant@host:session."),
  message: z.string().min(1).max(MAX_MESSAGE_BYTES).describe('The text; at most 64 KiB. Longer content: write a file and send its path.'),
  urgent: z
    .boolean()
    .default(false)
    .describe('Steers a turn that is under way, where the receiver can; otherwise the message waits its turn.'),
  wait_seconds: z
    .number()
    .min(0)
    .max(MAX_WAIT_SECONDS)
    .default(0)
    .describe('How long to wait for its acceptance. Delivery goes on either way; fleet_inbox shows what became of it.'),
})

const inbox = z.strictObject({
  limit: z.number().int().min(1).max(MAX_INBOX).default(DEFAULT_INBOX).describe('How many messages, newest first.'),
  id: z
    .string()
    .refine(isMessageId, 'a message id is expected, as fleet_inbox shows it')
    .optional()
    .describe('One message alone, whole and byte for byte as it was stored; without it, long texts are cut.'),
})

const report = z.strictObject({
  kind: z
    .enum(REPORT_KINDS)
    .describe('progress: work goes on; result: it is done; blockage: it cannot go on, with the exact command or cause.'),
  text: z.string().min(1).max(MAX_REPORT_BYTES).describe('What happened, in words; at most 8 KiB.'),
  task: z.string().min(1).max(MAX_TASK_LENGTH).optional().describe('The task it is about.'),
  percent: z.number().min(0).max(100).optional().describe('How much of the task is done.'),
})

const escalate = z.strictObject({
  trigger: z
    .enum(ESCALATION_TRIGGERS)
    .describe(
      'missing_access: a permission or credential is needed; budget_cap: the budget ends; irreversible_action: it could not be undone; ' +
        'legal_unknown: it may not be allowed; conflicting_objectives: two orders contradict each other.',
    ),
  text: z.string().min(1).max(MAX_REPORT_BYTES).describe('What has to be decided, with what speaks for each way; at most 8 KiB.'),
})

export type SendInput = z.infer<typeof send>
export type InboxInput = z.infer<typeof inbox>
export type ReportInput = z.infer<typeof report>
export type EscalateInput = z.infer<typeof escalate>

/** A call whose input is what its tool takes. */
export type FleetToolCall =
  | { tool: 'fleet_peers' }
  | { tool: 'fleet_send'; input: SendInput }
  | { tool: 'fleet_inbox'; input: InboxInput }
  | { tool: 'fleet_report'; input: ReportInput }
  | { tool: 'fleet_escalate'; input: EscalateInput }

interface FleetTool {
  name: FleetToolCall['tool']
  title: string
  description: string
  readOnly: boolean
  schema: z.ZodType
}

const TOOLS: readonly FleetTool[] = [
  {
    name: 'fleet_peers',
    title: 'Who is in the fleet',
    description:
      'The agents of your fleet: name, class, alias, whether each answers (health), what it does (activity), and which one is the orchestrator.',
    readOnly: true,
    schema: nothing,
  },
  {
    name: 'fleet_send',
    title: 'Send a message to a peer',
    description:
      'Sends a message to another agent in your own name. It is stored durably and delivered in order, once. Returns the receipt; only the ' +
      'state "accepted" means that the receiver itself said that it took it.',
    readOnly: false,
    schema: send,
  },
  {
    name: 'fleet_inbox',
    title: 'Messages to and from you',
    description:
      'The newest messages that were sent to you, and what became of those that you sent, each with its text and receipt. Of a long text the ' +
      'beginning; by its id one message is shown whole, byte for byte.',
    readOnly: true,
    schema: inbox,
  },
  {
    name: 'fleet_report',
    title: 'Report on your work',
    description:
      'Records progress, a result or a blockage of your work durably, for the operator and the fleet to see. It is not a message to a peer.',
    readOnly: false,
    schema: report,
  },
  {
    name: 'fleet_escalate',
    title: 'Call the operator',
    description:
      'Asks for a decision that is not yours: only for one of the five triggers. It is shown to the operator until acknowledged, and told to the ' +
      'orchestrator. Do not go on with what you escalated until you were answered.',
    readOnly: false,
    schema: escalate,
  },
]

/** Each tool with the JSON Schema of its input. */
export function fleetTools() {
  return TOOLS.map(({ schema, ...tool }) => ({
    ...tool,
    inputSchema: z.toJSONSchema(schema, { io: 'input', target: 'draft-7' }) as Record<string, unknown>,
  }))
}

const MAX_ISSUES = 5

function problemsOf(error: z.ZodError): string {
  const words = error.issues
    .slice(0, MAX_ISSUES)
    .map(({ path, message }) => (path.length === 0 ? message : `${path.join('.')}: ${message}`))
  return words.join('; ')
}

/** The call as its tool takes it, what is wrong with its input, or `undefined` when there is no such tool. */
export function parseToolCall(tool: string, input: unknown): FleetToolCall | { problem: string } | undefined {
  const known = TOOLS.find(({ name }) => name === tool)
  if (known === undefined) return undefined
  const parsed = known.schema.safeParse(input ?? {})
  return parsed.success ? ({ tool: known.name, input: parsed.data } as FleetToolCall) : { problem: problemsOf(parsed.error) }
}
