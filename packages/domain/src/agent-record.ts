/** What is known of an agent and of its fleet at one moment: the record behind `fleet ps` on every surface. */

import { z } from 'zod'
import { HEALTHS } from './heartbeat.ts'
import { LIFE_STATES } from './lifecycle.ts'
import { EscalationSchema } from './report.ts'
import { ACTIVITIES } from './signal.ts'

export const FLAGS = ['DRIFT', 'BOOT', 'ORPHAN', 'PAUSED', 'BUDGET', 'STUCK'] as const
export type Flag = (typeof FLAGS)[number]

export const AgentRecordSchema = z
  .object({
    name: z.string(),
    alias: z.string().nullable(),
    class: z.string(),
    tenant_id: z.string(),
    host: z.string(),
    runtime: z.string(),
    account: z.string().nullable().describe("The account that the roster maps it to; null: the runtime's own home."),
    model: z.string().nullable().describe('The model in use where the runtime says it, else the one asked for.'),
    supervisor: z.object({
      kind: z.enum(['embedded', 'systemd']),
      wanted: z.boolean(),
      state: z.enum(LIFE_STATES),
      enabled: z.boolean().nullable().describe('Comes back after a reboot; null where the supervisor cannot know.'),
      restarts: z.number().int().describe('Restarts within the current intensity window.'),
      last_exit: z.string().nullable().describe('How the last life ended, e.g. "exit 3", "signal 9".'),
    }),
    pane: z.enum(['alive', 'dead', 'none']),
    pid: z.number().int().nullable(),
    session_id: z.string().nullable().describe("tmux's own id of the session."),
    idle_s: z.number().nullable().describe('Since the screen last changed.'),
    heartbeat_age_s: z.number().nullable(),
    health: z.enum(HEALTHS),
    health_reason: z.string().nullable(),
    activity: z.enum(ACTIVITIES).nullable(),
    activity_detail: z.string().nullable(),
    error: z
      .object({
        reason: z.string(),
        detail: z.string(),
        until: z.string().nullable().describe('When it may go on, by the word of its provider.'),
      })
      .nullable()
      .describe('Its last call of the model failed: rate-limited, logged-out, offline, model, or a word of the runtime itself.'),
    context_used: z.number().nullable().describe('Tokens.'),
    context_limit: z.number().nullable().describe('Tokens.'),
    limits: z
      .array(
        z.object({
          name: z.string(),
          used_percent: z.number(),
          minutes: z.number().nullable().describe('Length of the window.'),
          resets_at: z.string().nullable(),
        }),
      )
      .describe("Windows of the account's subscription as the runtime tells them; none when it tells none."),
    spend_today_usd: z.number().nullable(),
    tokens_today: z.number().nullable(),
    queued: z.number().int().describe('Messages stored for it and not settled.'),
    flags: z
      .array(z.enum(FLAGS))
      .describe('This version sets DRIFT, PAUSED and STUCK; the others are kept for the supervisors and limits to come.'),
    flag_reasons: z.record(z.string(), z.string()),
    working_directory: z.string().nullable(),
    title: z.string().nullable().describe('Title of its pane: untrusted text.'),
  })
  .describe('One agent at one moment.')
export type AgentRecord = z.infer<typeof AgentRecordSchema>

export const FleetSnapshotSchema = z
  .object({
    tenant_id: z.string(),
    host: z.string(),
    as_of: z.string(),
    observer: z.enum(['up', 'down']),
    observer_note: z.string().nullable().describe('What the observer says of its own health, e.g. that it lagged.'),
    supervisor: z.enum(['embedded', 'systemd']),
    paused: z.boolean(),
    roster_problem: z
      .string()
      .nullable()
      .describe('The roster on disk is faulty or cannot take effect now; the one before it is in force.'),
    socket_name: z.string().nullable().describe("null: tmux's default socket."),
    agents: z.array(AgentRecordSchema),
    escalations: z
      .array(EscalationSchema)
      .describe('Calls of agents for the operator that are not acknowledged: mosaic fleet escalations --ack ID.'),
    orphans: z
      .array(z.object({ session: z.string(), pid: z.number().int().nullable(), command: z.string() }))
      .describe('Sessions on the socket that no roster entry names.'),
  })
  .describe('The fleet of one tenant on one host at one moment.')
export type FleetSnapshot = z.infer<typeof FleetSnapshotSchema>

export const FleetEventSchema = z
  .object({
    seq: z.number().int(),
    at: z.string(),
    tenant_id: z.string(),
    host: z.string(),
    agent: z.string().nullable(),
    kind: z
      .string()
      .describe('life, launching, launched, died, failed, activity, receipt, report, escalation, acknowledged, roster or paused.'),
    detail: z.record(z.string(), z.unknown()),
  })
  .describe('Something that happened in the fleet.')
export type FleetEvent = z.infer<typeof FleetEventSchema>
