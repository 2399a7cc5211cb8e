/** Parts of answers that several verbs have. */

import { ERROR_CODES } from '@mosaic/domain/error'
import { z } from 'zod'

export const ErrorAnswerSchema = z
  .strictObject({
    error: z.strictObject({
      code: z.enum(ERROR_CODES),
      message: z.string(),
      where: z.string().nullable().describe('A file with line and column, or another place.'),
      mend: z.string().nullable().describe('What can be done about it.'),
      reason: z.string().nullable().describe('A stable word for machines.'),
    }),
  })
  .describe('What stands on stdout instead of an answer when a verb fails.')

export const OutcomeSchema = z
  .strictObject({
    name: z.string(),
    did: z.enum(['started', 'stopped', 'restarted', 'unchanged', 'reset', 'new-session', 'failed']),
    detail: z.string().nullable(),
  })
  .describe('What was done to one agent.')

export const OutcomesSchema = z.strictObject({ agents: z.array(OutcomeSchema) })

const WorktreeSchema = z.strictObject({
  directory: z.string(),
  branch: z.string(),
  kept_directory: z.string().nullable().describe('After a removal: why the directory is kept; null when it is removed.').optional(),
  kept_branch: z.string().nullable().describe('After a removal: why the branch is kept; null when it is removed.').optional(),
})

export const ChangeSchema = z
  .strictObject({
    name: z.string(),
    did: z.enum(['added', 'changed', 'unchanged', 'removed']),
    roster: z.string().describe('The roster file.'),
    outcome: OutcomeSchema.nullable().describe('What became of the running agent; null when none was concerned.'),
    worktree: WorktreeSchema.nullable().describe(
      'The git worktree that was made for the agent, or removed with it; null when it has none.',
    ),
  })
  .describe('A change of the roster and of the fleet that runs by it.')

export const DefinitionSchema = z
  .strictObject({
    name: z.string(),
    tenant_id: z.string(),
    host: z.string(),
    address: z.string().describe('tenant@host:session'),
    class: z.string(),
    alias: z.string().nullable(),
    runtime: z.string(),
    model: z.string().nullable(),
    effort: z.string().nullable(),
    working_directory: z.string(),
    command: z.array(z.string()).nullable().describe("argv that the roster gives instead of the runtime's own."),
    account: z.string().nullable().describe("null: the runtime's own home."),
    yolo: z.boolean(),
    lifecycle: z.enum(['core', 'ephemeral']),
    heartbeat_interval_s: z.number(),
  })
  .describe('An agent as defined, every default filled in.')

export const RosterAnswerSchema = z.strictObject({
  tenant_id: z.string(),
  host: z.string(),
  roster: z.string().describe('The roster file.'),
  socket_name: z.string().nullable().describe("null: tmux's default socket."),
  agents: z.array(DefinitionSchema),
})
