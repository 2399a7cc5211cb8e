/** The classes an agent can have. A class says what an agent is for; its contract comes from the role library. */

export const AGENT_CLASSES = [
  'orchestrator',
  'enhancer',
  'planner',
  'decomposer',
  'coder',
  'code-reviewer',
  'security-reviewer',
  'site-tester',
  'documenter',
  'merge-gate',
  'rebaser',
  'operations',
  'session-reviewer',
  'researcher',
  'lead-researcher',
  'analyst',
  'finance',
  'board-moonshot',
  'board-contrarian',
  'board-technical',
  'board-business',
  'board-financial',
  'worker',
] as const

export type AgentClass = (typeof AGENT_CLASSES)[number]

/** What each class is for, in one line: used by the cheat-sheet that agents get and by completion. */
export const CLASS_SUMMARY: Readonly<Record<AgentClass, string>> = {
  orchestrator: 'point of contact of the operator; composes the fleet and delegates all delivery',
  enhancer: 'watches the fleet and proposes improvements; never codes, reviews or delivers',
  planner: 'turns a goal into a plan',
  decomposer: 'cuts a plan into tasks',
  coder: 'writes code up to an open pull request',
  'code-reviewer': 'reviews code it did not write',
  'security-reviewer': 'reviews for security',
  'site-tester': 'uses the product as a user would',
  documenter: 'keeps the documentation true',
  'merge-gate': 'merges what passed every gate',
  rebaser: 'keeps branches current',
  operations: 'runs and watches services',
  'session-reviewer': 'reads sessions and finds what went wrong',
  researcher: 'finds and checks facts',
  'lead-researcher': 'leads researchers',
  analyst: 'analyses data',
  finance: 'watches money',
  'board-moonshot': 'board seat that asks for more',
  'board-contrarian': 'board seat that disagrees',
  'board-technical': 'board seat for feasibility',
  'board-business': 'board seat for the market',
  'board-financial': 'board seat for cost',
  worker: 'general worker without a role of its own',
}

/** The class of an agent whose roster entry names none: its name without a trailing number, else `worker`. */
export function classOfName(name: string): AgentClass {
  const stem = name.replace(/[-_]?\d+$/, '')
  return (AGENT_CLASSES as readonly string[]).includes(stem) ? (stem as AgentClass) : 'worker'
}
