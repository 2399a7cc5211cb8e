/** The published schema of every verb's `--json` answer. What a verb prints is checked against these in the tests. */

import { AgentRecordSchema, FleetSnapshotSchema } from '@mosaic/domain/agent-record'
import { ReceiptSchema } from '@mosaic/domain/message'
import { EscalationSchema, ReportSchema } from '@mosaic/domain/report'
import { z } from 'zod'
import { VERIFY_CHECKS } from '../fleet/verify.ts'
import { ChangeSchema, DefinitionSchema, OutcomeSchema, OutcomesSchema, RosterAnswerSchema } from './shared.ts'

const PauseSchema = z.strictObject({ paused: z.boolean(), changed: z.boolean().describe('False when it was so already.') })

const ObservedSchema = z
  .strictObject({ name: z.string(), ended: z.string().describe('Why it ended.'), seconds: z.number().describe('How long it took.') })
  .describe('Printed when the observation is over.')

const InitSchema = z.strictObject({
  profile: z.string(),
  runtime: z.string(),
  roster: z.string().describe('The roster file.'),
  socket_name: z.string().nullable().describe("null: tmux's default socket."),
  agents: z.array(z.string()),
  written: z.boolean().describe('False for a dry run.'),
  backup: z.string().nullable().describe('Copy of the roster that was replaced.'),
  text: z.string().describe('The roster.'),
})

const UpSchema = z.strictObject({
  did: z.enum(['started', 'unchanged']),
  healthy: z.boolean().describe('Every agent of this host answered.'),
  roster: z.strictObject({ path: z.string(), created: z.boolean() }),
  agents: z.array(OutcomeSchema),
  fleet: FleetSnapshotSchema,
})

const StatusSchema = z.strictObject({
  tenant_id: z.string(),
  host: z.string(),
  supervisor: z.enum(['embedded', 'systemd']),
  paused: z.boolean(),
  service: z
    .strictObject({ pid: z.number().int(), version: z.string(), started_at: z.string(), socket: z.string() })
    .nullable()
    .describe('The host service; null when it does not run.'),
  agents: z.array(AgentRecordSchema),
})

const VerifySchema = z.strictObject({
  ok: z.boolean(),
  roster_problem: z.string().nullable(),
  agents: z.array(
    z.strictObject({
      name: z.string(),
      ok: z.boolean(),
      checks: z.array(z.strictObject({ check: z.enum(VERIFY_CHECKS), ok: z.boolean(), detail: z.string() })),
    }),
  ),
})

const DoctorSchema = z.strictObject({
  ok: z.boolean().describe('Nothing keeps a fleet from working.'),
  checks: z.array(
    z.strictObject({
      check: z.string(),
      status: z.enum(['ok', 'note', 'warn', 'fail']),
      detail: z.string(),
      mend: z.string().nullable(),
      fixed: z.boolean().describe('Mended by --fix in this run.'),
    }),
  ),
})

const AgentStatusSchema = z.strictObject({
  tenant_id: z.string(),
  host: z.string(),
  as_of: z.string(),
  observer: z.enum(['up', 'down']),
  agents: z.array(AgentRecordSchema),
})

const ShowSchema = z.strictObject({
  definition: DefinitionSchema,
  state: AgentRecordSchema.nullable().describe('null while the running fleet does not know it.'),
  receipts: z.array(ReceiptSchema).describe('Newest first; empty when the host service does not run.'),
})

const AdditionSchema = z.strictObject({ file: z.string(), what: z.string() })

const UninstallSchema = z.strictObject({
  did: z.enum(['planned', 'uninstalled', 'purged']),
  home: z.string().describe('The home of the fleet.'),
  service: z.enum(['ended', 'kept', 'not-running']),
  additions: z.array(AdditionSchema).describe('What the fleet had added outside of its home.'),
  left: z.array(AdditionSchema).describe('Those that could not be taken back.'),
  kept: z.array(z.strictObject({ path: z.string(), what: z.string() })),
})

const LOGIN = ['logged-in', 'logged-out', 'unknown'] as const

const AccountsSchema = z.strictObject({
  file: z.string().describe('The file of the accounts.'),
  accounts: z.array(
    z.strictObject({
      name: z.string(),
      runtime: z.string(),
      directory: z.string(),
      login: z.enum(LOGIN),
      detail: z.string().describe('By what that is known.'),
      agents: z.array(z.string()).describe('Agents that the roster maps to it.'),
      mend: z.string().nullable().describe('What logs it in, when it is logged out.'),
    }),
  ),
})

const AccountChangeSchema = z.strictObject({
  name: z.string(),
  did: z.enum(['added', 'adopted', 'removed']),
  runtime: z.string(),
  directory: z.string(),
  file: z.string().describe('The file of the accounts.'),
})

/** By verb as it is written. */
export const verbSchemas: Readonly<Record<string, z.ZodType>> = {
  'fleet up': UpSchema.describe('mosaic fleet up'),
  'fleet init': InitSchema.describe('mosaic fleet init'),
  'fleet start': OutcomesSchema.describe('mosaic fleet start'),
  'fleet stop': z
    .strictObject({
      agents: z.array(OutcomeSchema),
      service: z
        .enum(['ended', 'kept', 'not-running'])
        .describe('The host service: ended with the whole fleet, kept when some agents stop.'),
    })
    .describe('mosaic fleet stop'),
  'fleet restart': OutcomesSchema.describe('mosaic fleet restart'),
  'fleet status': StatusSchema.describe('mosaic fleet status'),
  'fleet verify': VerifySchema.describe('mosaic fleet verify'),
  'fleet ps': FleetSnapshotSchema,
  'fleet add': ChangeSchema,
  'fleet edit': ChangeSchema,
  'fleet remove': ChangeSchema,
  'fleet pause': PauseSchema.describe('mosaic fleet pause'),
  'fleet resume': PauseSchema.describe('mosaic fleet resume'),
  'fleet escalations': z
    .strictObject({ escalations: z.array(EscalationSchema).describe('Newest first; with --ack the one that was acknowledged.') })
    .describe('mosaic fleet escalations'),
  'fleet comms-block': z.strictObject({ name: z.string(), text: z.string() }).describe('mosaic fleet comms-block'),
  'fleet doctor': DoctorSchema.describe('mosaic fleet doctor'),
  'fleet uninstall': UninstallSchema.describe('mosaic fleet uninstall'),
  'agent roster': RosterAnswerSchema.describe('mosaic agent roster'),
  'agent status': AgentStatusSchema.describe('mosaic agent status'),
  'agent send': ReceiptSchema,
  'agent receipt': ReceiptSchema,
  'agent reports': z.strictObject({ reports: z.array(ReportSchema).describe('Newest first.') }).describe('mosaic agent reports'),
  'agent watch': ObservedSchema,
  'agent attach': ObservedSchema,
  'agent tail': z
    .strictObject({ name: z.string(), text: z.string().describe('The screen, or with --follow the lines that were added.') })
    .describe('mosaic agent tail; with --follow one document per line.'),
  'agent reset': OutcomeSchema,
  'agent new': ChangeSchema,
  'agent edit': ChangeSchema,
  'agent show': ShowSchema.describe('mosaic agent show'),
  'agent list': RosterAnswerSchema.describe('mosaic agent list'),
  'account list': AccountsSchema.describe('mosaic account list'),
  'account add': AccountChangeSchema.describe('mosaic account add'),
  'account login': z
    .strictObject({ name: z.string(), runtime: z.string(), directory: z.string(), login: z.enum(LOGIN), detail: z.string() })
    .describe('mosaic account login'),
  'account adopt': AccountChangeSchema.describe('mosaic account adopt'),
  'account check': AccountsSchema.describe('mosaic account check'),
  'account remove': AccountChangeSchema.describe('mosaic account remove'),
  completion: z.strictObject({ shell: z.enum(['bash', 'zsh', 'fish']), script: z.string() }).describe('mosaic completion'),
  schema: z.looseObject({}).describe('mosaic schema: a JSON Schema.'),
}
