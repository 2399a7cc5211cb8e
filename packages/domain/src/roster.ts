/**
 * The roster: what a fleet is on one host. This schema is the only definition; the validator, the types, the
 * JSON Schema and the documentation derive from it. Values are snake_case, as in the file.
 */

import { z } from 'zod'
import { HOST_PATTERN, isHostName, isTenantId, NAME_PATTERN, nameProblem, TENANT_PATTERN } from './address.ts'
import { displaySafe } from './display.ts'
import { MAX_HEARTBEAT_INTERVAL_S, MIN_HEARTBEAT_INTERVAL_S } from './heartbeat.ts'
import { utf8Length } from './message-text.ts'
import { AGENT_CLASSES, classOfName } from './role.ts'
import { ScreenRulesSchema } from './screen-rules.ts'

export const RUNTIME_IDS = ['stub', 'pi', 'claude', 'codex', 'opencode'] as const

/** The named tmux socket that keeps a fleet away from the operator's own sessions. */
export const ISOLATION_SOCKET = 'mosaic-fleet'
export const DEFAULT_HOLDER_SESSION = 'mosaic-holder'

const noControl = (text: string): boolean => !/[\u0000-\u001f\u007f-\u009f]/.test(text)
const line = (description: string) =>
  z
    .string()
    .min(1, 'text that is not empty')
    .max(4096, 'at most 4096 characters')
    .refine(noControl, 'a single line without control characters')
    .describe(description)
/** A key of its own that no character can turn into another tmux target, path or option. */
const name = (description: string) =>
  z
    .string()
    .superRefine((value, context) => {
      const problem = nameProblem(value)
      if (problem !== undefined) context.addIssue({ code: 'custom', message: `another name: ${problem}` })
    })
    .meta({ description, pattern: NAME_PATTERN.source })
const hostName = (description: string) => z.string().refine(isHostName, 'a host name').meta({ description, pattern: HOST_PATTERN.source })
const path = (description: string) =>
  line(`${description} Absolute, or starting with "~/".`).regex(/^(\/|~\/|~$)/, 'an absolute path, or one starting with "~/"')
const interval = (description: string) =>
  z
    .number()
    .min(MIN_HEARTBEAT_INTERVAL_S)
    .max(MAX_HEARTBEAT_INTERVAL_S)
    .describe(`${description} Seconds, ${MIN_HEARTBEAT_INTERVAL_S} to ${MAX_HEARTBEAT_INTERVAL_S}.`)

const MIN_IDLE_TIMEOUT_S = 1
/** A month. */
const MAX_IDLE_TIMEOUT_S = 2_592_000

/** A kernel takes 128 KiB in one variable and some 2 MB in all, arguments and what the fleet itself tells a runtime included. */
const MAX_VARIABLE_BYTES = 64 * 1024
const MAX_ENVIRONMENT_BYTES = 512 * 1024
const environment = z
  .record(
    z
      .string()
      .regex(/^[A-Za-z_][A-Za-z0-9_]*$/, 'a variable name')
      .max(256, 'a variable name of at most 256 characters'),
    // What an environment file cannot hold is refused here, not at the launch.
    z
      .string()
      .refine((text) => text.isWellFormed() && !/[\u0000-\u0008\u000b-\u001f\u007f]/.test(text), 'text without control characters')
      .refine((text) => utf8Length(text) <= MAX_VARIABLE_BYTES, `at most ${MAX_VARIABLE_BYTES} bytes`),
  )
  .refine(
    (variables) =>
      Object.entries(variables).reduce((sum, [key, value]) => sum + utf8Length(key) + utf8Length(value), 0) <= MAX_ENVIRONMENT_BYTES,
    `variables of at most ${MAX_ENVIRONMENT_BYTES} bytes in all`,
  )
  .describe(
    'Environment variables for the runtime, at most 64 KiB each and 512 KiB in all. Never secrets: this file is not a secret store.',
  )

/** argv as a list: never split by a shell. */
const command = z.array(line('One argument.')).min(1).max(64).describe('Program and arguments, one list item each; no shell reads it.')

const BUILT_IN: ReadonlySet<string> = new Set(RUNTIME_IDS)
/** Also of runtimes that this product does not know and a roster describes. */
const RUNTIME_PATTERN = /^[a-z][a-z0-9_-]{0,31}$/
const runtimeId = z
  .string()
  .regex(RUNTIME_PATTERN, `one of ${RUNTIME_IDS.join(', ')}, or the lower-case name of a runtime described in runtimes`)
const runtimeSettings = z.strictObject({
  command: command.optional(),
  reset_command: line('What is typed to reset the conversation.').optional(),
  env: environment.optional(),
  inherit: z
    .array(
      z
        .string()
        .regex(/^[A-Za-z_][A-Za-z0-9_]*$/, 'a variable name')
        .max(256, 'a variable name of at most 256 characters'),
    )
    .max(64)
    .describe(
      "Names of variables of the launcher's environment that the runtime may see, besides those that every runtime sees. " +
        'What would come before the login of its account does not reach an agent by this, but by env.',
    )
    .optional(),
  heartbeat_interval: interval('How often the runtime answers; defaults to MOSAIC_HEARTBEAT_INTERVAL, else 15.').optional(),
  screen: ScreenRulesSchema.optional(),
})
export const AgentEntrySchema = z
  .strictObject({
    name: name('Session name and address of the agent, by role: orchestrator, coder0.'),
    runtime: runtimeId.describe('The program in the pane; defaults to defaults.runtime, and one of the two is needed.').optional(),
    class: z.enum(AGENT_CLASSES).describe('What the agent is for; defaults to the name without its number.').optional(),
    alias: line('The friendly name a person sees; never an address.').optional(),
    model_hint: line('The model to ask the runtime for; defaults to defaults.model.').optional(),
    effort: z.enum(['minimal', 'low', 'medium', 'high', 'max']).describe('Reasoning effort.').optional(),
    working_directory: path('Where the runtime starts; defaults to defaults.working_directory.').optional(),
    host: hostName('The host that runs it; defaults to this one. The agents of other hosts are not started from here.').optional(),
    ssh: line('The ssh destination of that host, for messages to its agents.').optional(),
    socket: name('A tmux socket of its own.').optional(),
    account: name("The account whose login it uses, of fleet/accounts.yaml; defaults to the runtime's own home.").optional(),
    yolo: z.boolean().describe("The runtime's own skip-permissions mode; defaults to false.").optional(),
    command: command.optional(),
    persistent_persona: z.boolean().describe('Keeps its persona over resets.').optional(),
    reset_between_tasks: z.boolean().describe('Starts every task in a fresh conversation.').optional(),
    kickstart_template: line('Template of the first message of a task.').optional(),
    lifecycle: z
      .enum(['core', 'ephemeral'])
      .describe('core is always on; ephemeral ends with its lane of work; defaults to core.')
      .optional(),
    idle_timeout: z
      .number()
      .min(MIN_IDLE_TIMEOUT_S)
      .max(MAX_IDLE_TIMEOUT_S)
      .describe(
        `How long an ephemeral agent may be idle before it is removed, with its worktree; absent: as long as it likes. Seconds, ${MIN_IDLE_TIMEOUT_S} to ${MAX_IDLE_TIMEOUT_S}.`,
      )
      .optional(),
  })
  .describe('One agent.')

interface DescribedRuntimes {
  runtimes?: Readonly<Record<string, { command?: unknown; screen?: unknown }>> | undefined
}

/** A runtime of the roster's own needs a command; a built-in one says itself what it does. */
function describedRuntimes({ runtimes = {} }: DescribedRuntimes, context: z.RefinementCtx): void {
  const issue = (path: string[], message: string) => context.addIssue({ code: 'custom', path, message })
  for (const [id, settings] of Object.entries(runtimes)) {
    if (BUILT_IN.has(id)) {
      if (settings.screen !== undefined) issue(['runtimes', id, 'screen'], 'no screen rules: this runtime says itself what it does')
    } else if (settings.command === undefined) {
      issue(['runtimes', id], `a command: ${id} is none of ${RUNTIME_IDS.join(', ')}`)
    }
  }
}

export const RosterSchema = z
  .strictObject({
    version: z.literal(1).describe('The version of this format.'),
    transport: z.literal('tmux').describe('How sessions are held; defaults to tmux.').optional(),
    tenant_id: z
      .string()
      .refine(isTenantId, 'letters, digits, "_", "." and "-"')
      .meta({ description: 'Whose fleet it is; defaults to the user name.', pattern: TENANT_PATTERN.source })
      .optional(),
    host: hostName('The host it runs on; defaults to the short host name.').optional(),
    tmux: z
      .strictObject({
        socket_name: name('The tmux socket. Absent means the default socket of tmux itself.').optional(),
        holder_session: name(`The session that keeps the server alive; defaults to ${DEFAULT_HOLDER_SESSION}.`).optional(),
      })
      .describe('Where sessions live.')
      .optional(),
    defaults: z
      .strictObject({
        working_directory: path('Where runtimes start; defaults to the home directory.').optional(),
        runtime: runtimeId.describe('The program in the pane.').optional(),
        model: line('The model for agents that name none.').optional(),
      })
      .describe('What agents have unless they say otherwise.')
      .optional(),
    runtimes: z
      .record(runtimeId, runtimeSettings)
      .describe(`Settings per runtime, and the description of runtimes other than ${RUNTIME_IDS.join(', ')}: those need a command.`)
      .optional(),
    connector: z
      .looseObject({ kind: z.enum(['tmux', 'discord', 'matrix', 'telegram', 'slack']).describe("The chat's kind.") })
      .describe("The people's chat, with the settings of its kind.")
      .optional(),
    budget: z.looseObject({}).describe('Limits of spend.').optional(),
    agents: z.array(AgentEntrySchema).max(5000).describe('The agents, in the order in which they are shown.'),
  })
  .describe('Definition of a fleet on one host.')
  .superRefine((roster, context) => {
    describedRuntimes(roster, context)
    const firstOf = new Map<string, number>()
    let orchestrator: number | undefined
    for (const [index, agent] of roster.agents.entries()) {
      const earlier = firstOf.get(agent.name)
      if (earlier === undefined) firstOf.set(agent.name, index)
      else
        context.addIssue({
          code: 'custom',
          path: ['agents', index, 'name'],
          message: `a name of its own; agents[${earlier}] has this one already`,
        })
      if (agent.name === (roster.tmux?.holder_session ?? DEFAULT_HOLDER_SESSION)) {
        context.addIssue({
          code: 'custom',
          path: ['agents', index, 'name'],
          message: 'another name; this one belongs to the holder session',
        })
      }
      if (agent.runtime === undefined && roster.defaults?.runtime === undefined) {
        context.addIssue({ code: 'custom', path: ['agents', index], message: 'a runtime, here or in defaults.runtime' })
      }
      if (agent.idle_timeout !== undefined && agent.lifecycle !== 'ephemeral') {
        context.addIssue({
          code: 'custom',
          path: ['agents', index, 'idle_timeout'],
          message: 'lifecycle: ephemeral beside it; others never end',
        })
      }
      if ((agent.class ?? classOfName(agent.name)) !== 'orchestrator') continue
      if (orchestrator === undefined) orchestrator = index
      else
        context.addIssue({
          code: 'custom',
          path: ['agents', index, agent.class === undefined ? 'name' : 'class'],
          message: `one orchestrator per fleet; agents[${orchestrator}] is it already`,
        })
    }
  })

export type Roster = z.infer<typeof RosterSchema>
export type AgentEntry = z.infer<typeof AgentEntrySchema>
/** One of `RUNTIME_IDS`, or the name of one that the roster describes. */
export type RuntimeId = (typeof RUNTIME_IDS)[number] | (string & {})

/** One fault in a roster: where in the value, what was expected. Positions in the file are added by whoever read it. */
export interface RosterIssue {
  path: (string | number)[]
  /** `key`: the key itself is wrong, not its value. */
  at?: 'key'
  /** What was found, short and safe to show; absent when a key is missing. */
  found?: string
  expected: string
  mend?: string
}

const MAX_SHOWN_KEY = 60

/** The snake_case spelling of a key: `modelHint` gives `model_hint`, anything else is itself. */
export const toSnake = (key: string): string =>
  key.replace(/([a-z0-9])([A-Z])/g, (_, before: string, after: string) => `${before}_${after.toLowerCase()}`)

/** Objects whose keys are the operator's own words and are left as they are. */
export const FREE_KEYS: ReadonlySet<string> = new Set(['env', 'connector', 'budget', 'accounts'])

/** `modelHint` reads as `model_hint`. Two spellings of one key in one place are reported, never merged. */
export function snakeKeys(value: unknown, path: (string | number)[] = [], issues: RosterIssue[] = []): unknown {
  if (Array.isArray(value)) return value.map((item, index) => snakeKeys(item, [...path, index], issues))
  if (value === null || typeof value !== 'object') return value
  if (FREE_KEYS.has(String(path.at(-1)))) return value
  const out: Record<string, unknown> = Object.create(null)
  for (const [key, item] of Object.entries(value)) {
    const snake = toSnake(key)
    if (Object.hasOwn(out, snake)) {
      issues.push({
        path: [...path, key],
        at: 'key',
        found: displaySafe(key.slice(0, MAX_SHOWN_KEY)),
        expected: `one spelling of ${snake}`,
        mend: `keep either ${snake} or its other spelling`,
      })
    } else out[snake] = snakeKeys(item, [...path, snake], issues)
  }
  return out
}
