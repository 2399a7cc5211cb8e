/** Which reply a request gets: rules first, in their order, then the queue, then the default. */

import type { ProtocolId, Reading } from './protocol.ts'
import type { Reply } from './reply.ts'

/** A request to a model, as rules see it. */
export interface ModelRequest extends Reading {
  protocol: ProtocolId
  /** Which model request of this server it is, from 1. */
  n: number
}

/** All given conditions must hold; none given holds always. */
export interface Match {
  /** Text in what the user said since the model last spoke. */
  contains?: string
  model?: string
  protocol?: ProtocolId
  /** The number of the request, from 1. */
  nth?: number
}

export interface Rule {
  when: Match
  reply: Reply
  /** How often it applies; absent: always. */
  times?: number
}

export type RuleFunction = (request: ModelRequest) => Reply | undefined

export interface Script {
  rules?: readonly (Rule | RuleFunction)[]
  /** Taken one by one by requests that no rule matched. */
  queue?: readonly Reply[]
  /** For all others; absent: `FAKE-OK #n`. */
  fallback?: Reply
}

/** A script as data, as a file or a socket carries it. */
export interface ScriptDocument extends Script {
  rules?: readonly Rule[]
}

function matches(when: Match, request: ModelRequest): boolean {
  return (
    (when.contains === undefined || request.prompt.includes(when.contains)) &&
    (when.model === undefined || request.model === when.model) &&
    (when.protocol === undefined || request.protocol === when.protocol) &&
    (when.nth === undefined || request.n === when.nth)
  )
}

/** A script in use: knows what it has given away. */
export class Scripted {
  readonly #rules: { rule: Rule | RuleFunction; left: number }[]
  readonly #queue: Reply[]
  readonly #fallback: Reply

  constructor(script: Script) {
    this.#rules = (script.rules ?? []).map((rule) => ({
      rule,
      left: typeof rule === 'function' ? Number.POSITIVE_INFINITY : (rule.times ?? Number.POSITIVE_INFINITY),
    }))
    this.#queue = [...(script.queue ?? [])]
    this.#fallback = script.fallback ?? {}
  }

  replyTo(request: ModelRequest): Reply {
    for (const entry of this.#rules) {
      const reply = this.#apply(entry, request)
      if (reply !== undefined) return reply
    }
    return this.#queue.shift() ?? this.#fallback
  }

  push(...replies: readonly Reply[]): void {
    this.#queue.push(...replies)
  }

  /** A later rule goes before the earlier ones. */
  prepend(rule: Rule | RuleFunction): void {
    const left = typeof rule === 'function' ? undefined : rule.times
    this.#rules.unshift({ rule, left: left ?? Number.POSITIVE_INFINITY })
  }

  #apply(entry: { rule: Rule | RuleFunction; left: number }, request: ModelRequest): Reply | undefined {
    if (typeof entry.rule === 'function') return entry.rule(request)
    if (entry.left <= 0 || !matches(entry.rule.when, request)) return undefined
    entry.left -= 1
    return entry.rule.reply
  }
}
