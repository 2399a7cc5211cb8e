/** Every verb, in the order in which help shows them, and where it is. A verb's file is loaded only when it is used. */

import type { Verb } from './verb.ts'

export interface VerbEntry {
  summary: string
  load(): Promise<{ verb: Verb }>
}

export interface Noun {
  summary: string
  /** Said below its help. */
  after?: string
  verbs: Readonly<Record<string, VerbEntry>>
}

const fleet: Noun = {
  summary: 'all agents together: bring up, look at, change, stop',
  verbs: {
    up: {
      summary: 'bring a fleet up and wait until it is healthy: the main job in one command',
      load: () => import('./commands/fleet-up.ts'),
    },
    init: {
      summary: 'write the roster of a new fleet; asks on a terminal, else shows what it would write',
      load: () => import('./commands/fleet-init.ts'),
    },
    start: { summary: 'start agents; those that run stay as they are', load: () => import('./commands/fleet-start.ts') },
    stop: { summary: 'stop agents; without names the whole fleet and its host service', load: () => import('./commands/fleet-stop.ts') },
    restart: { summary: 'stop agents and start them again', load: () => import('./commands/fleet-restart.ts') },
    status: { summary: 'what the supervisor says of each agent, and of itself', load: () => import('./commands/fleet-status.ts') },
    verify: { summary: 'check every agent: session, process, heartbeat, receipts', load: () => import('./commands/fleet-verify.ts') },
    ps: { summary: 'the fleet as one table; live with --watch', load: () => import('./commands/fleet-ps.ts') },
    add: { summary: 'add an agent to the roster, and start it when the fleet runs', load: () => import('./commands/fleet-add.ts') },
    edit: { summary: 'change an agent, and restart just that one when it runs', load: () => import('./commands/fleet-edit.ts') },
    remove: { summary: 'stop an agent and take it out of the roster', load: () => import('./commands/fleet-remove.ts') },
    pause: { summary: 'no dispatch and no merge until resumed', load: () => import('./commands/fleet-pause.ts') },
    resume: { summary: 'end the pause', load: () => import('./commands/fleet-resume.ts') },
    escalations: { summary: 'what agents want the operator to decide', load: () => import('./commands/fleet-escalations.ts') },
    'comms-block': { summary: 'what an agent is told about its peers', load: () => import('./commands/fleet-comms-block.ts') },
    doctor: { summary: 'what is missing or wrong on this machine, each with its mend', load: () => import('./commands/fleet-doctor.ts') },
    uninstall: {
      summary: 'stop the fleet and take back what it added outside of its own home',
      load: () => import('./commands/fleet-uninstall.ts'),
    },
  },
}

const agent: Noun = {
  summary: 'one agent: define, talk to, watch, take over',
  after: 'The forms "mosaic agent --new", "--edit", "--show" and "--list" mean the verbs of those names.',
  verbs: {
    roster: { summary: 'how agents are defined', load: () => import('./commands/agent-roster.ts') },
    status: { summary: 'the state of agents in full', load: () => import('./commands/agent-status.ts') },
    send: { summary: 'send a message; with --verify wait until the agent accepted it', load: () => import('./commands/agent-send.ts') },
    receipt: { summary: 'what became of a message', load: () => import('./commands/agent-receipt.ts') },
    reports: { summary: 'what agents reported of their work', load: () => import('./commands/agent-reports.ts') },
    watch: { summary: 'look at an agent live, read-only: cannot type, cannot resize', load: () => import('./commands/agent-watch.ts') },
    attach: {
      summary: 'take over the terminal of an agent: the only verb that can type; audited',
      load: () => import('./commands/agent-attach.ts'),
    },
    tail: { summary: 'the text on the screen of an agent', load: () => import('./commands/agent-tail.ts') },
    reset: { summary: 'a fresh conversation, by the runtime itself or in a new session', load: () => import('./commands/agent-reset.ts') },
    new: { summary: 'define an agent and start it, in one step', load: () => import('./commands/agent-new.ts') },
    edit: { summary: 'change an agent and restart just that one', load: () => import('./commands/agent-edit.ts') },
    show: { summary: 'one agent: definition, state and last messages', load: () => import('./commands/agent-show.ts') },
    list: { summary: 'the addresses of all agents', load: () => import('./commands/agent-list.ts') },
  },
}

const account: Noun = {
  summary: 'logins of runtimes beside your own, and the agents that use them',
  verbs: {
    list: { summary: 'the accounts, and who uses them', load: () => import('./commands/account-list.ts') },
    add: { summary: 'a new account with a configuration home of its own', load: () => import('./commands/account-add.ts') },
    login: { summary: "the runtime's own login, in the home of an account", load: () => import('./commands/account-login.ts') },
    adopt: { summary: 'an account of a configuration home that is there', load: () => import('./commands/account-adopt.ts') },
    check: { summary: 'whether accounts are logged in', load: () => import('./commands/account-check.ts') },
    remove: { summary: 'forget an account; its home stays', load: () => import('./commands/account-remove.ts') },
  },
}

export const NOUNS: Readonly<Record<string, Noun>> = { fleet, agent, account }

/** Verbs without a noun. */
export const PLAIN_VERBS: Readonly<Record<string, VerbEntry>> = {
  completion: { summary: 'print the completion script of a shell', load: () => import('./commands/completion.ts') },
  schema: { summary: 'print the JSON Schema of the --json answer of a verb', load: () => import('./commands/schema.ts') },
}

/** Called by completion scripts, not by people. */
export const HIDDEN_VERBS: Readonly<Record<string, VerbEntry>> = {
  complete: { summary: 'answer a completion script', load: () => import('./commands/complete.ts') },
}
