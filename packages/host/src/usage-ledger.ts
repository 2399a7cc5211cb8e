/** Tokens and cost per model call, each counted once by its key, across restarts of everything. */

import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import type { DatabaseSync, StatementSync } from 'node:sqlite'
import { FleetError } from '@mosaic/domain/error'
import type { Signal } from '@mosaic/domain/signal'
import { type DatabaseSpec, databaseProblem, openStore } from './files/database.ts'
import type { MosaicPaths } from './paths.ts'

export type UsageSignal = Extract<Signal, { kind: 'usage' }>

export interface UsageOfDay {
  tokens: number
  costUsd: number | null
}

/** A runtime's number is not trusted: above this a sum of many would not fit into the database's integers. */
const MAX_COUNT = 1e12

const SCHEMA = `
CREATE TABLE IF NOT EXISTS usage (
  key TEXT PRIMARY KEY,
  agent TEXT NOT NULL,
  at_ms REAL NOT NULL,
  model TEXT,
  input INTEGER NOT NULL,
  output INTEGER NOT NULL,
  cache_read INTEGER NOT NULL,
  cache_write INTEGER NOT NULL,
  reasoning INTEGER NOT NULL,
  cost_usd REAL
) STRICT;
CREATE INDEX IF NOT EXISTS usage_time ON usage (at_ms);
`

/** A call can be told before it is over; each figure of it only grows. It counts where it was told first. */
const ADD = `
INSERT INTO usage VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (key) DO UPDATE SET
  model = coalesce(model, excluded.model),
  input = max(input, excluded.input),
  output = max(output, excluded.output),
  cache_read = max(cache_read, excluded.cache_read),
  cache_write = max(cache_write, excluded.cache_write),
  reasoning = max(reasoning, excluded.reasoning),
  cost_usd = coalesce(max(cost_usd, excluded.cost_usd), cost_usd, excluded.cost_usd)
`

const BUSY_MS = 5_000

export const usageDatabase = (paths: MosaicPaths): DatabaseSpec => ({
  file: join(paths.state, 'usage.db'),
  what: 'the usage ledger',
  schema: SCHEMA,
})

/** @throws FleetError `not_done` when it cannot be opened */
function openLedger(spec: DatabaseSpec): DatabaseSync {
  try {
    return openStore(spec, BUSY_MS)
  } catch (error) {
    const problem = databaseProblem(error)
    if (problem === undefined) throw error
    throw new FleetError('not_done', `${spec.what} cannot be opened: ${problem.words}`, {
      where: spec.file,
      reason: problem.kind === 'full' ? 'disk-full' : 'database',
      mend: problem.kind === 'full' ? 'free some space, then try again' : 'mosaic fleet doctor',
      cause: error,
    })
  }
}

export class UsageLedger implements Disposable {
  readonly #database: DatabaseSync
  readonly #insert: StatementSync
  readonly #sums: StatementSync
  /** Of all agents at once, and kept until something is added: this process is the only one that adds. */
  #known: { sinceMs: number; byAgent: Map<string, UsageOfDay> } | undefined

  constructor(paths: MosaicPaths) {
    mkdirSync(paths.state, { recursive: true, mode: 0o700 })
    this.#database = openLedger(usageDatabase(paths))
    this.#insert = this.#database.prepare(ADD)
    this.#sums = this.#database.prepare(
      'SELECT agent, sum(input + output + cache_read + cache_write) AS tokens, sum(cost_usd) AS cost FROM usage WHERE at_ms >= ? GROUP BY agent',
    )
  }

  add(agent: string, signal: UsageSignal): void {
    const { usage } = signal
    this.#known = undefined
    const count = (value: number) => Math.min(MAX_COUNT, Math.max(0, Math.round(value)))
    this.#insert.run(
      `${agent}:${signal.key}`,
      agent,
      signal.at,
      usage.model,
      count(usage.input),
      count(usage.output),
      count(usage.cache_read),
      count(usage.cache_write),
      count(usage.reasoning),
      usage.cost_usd === null ? null : Math.min(MAX_COUNT, Math.max(0, usage.cost_usd)),
    )
  }

  /** Sums since `sinceMs` (epoch); `undefined` when nothing was counted. */
  since(agent: string, sinceMs: number): UsageOfDay | undefined {
    if (this.#known?.sinceMs !== sinceMs) {
      const rows = this.#sums.all(sinceMs) as unknown as { agent: string; tokens: number; cost: number | null }[]
      this.#known = { sinceMs, byAgent: new Map(rows.map(({ agent: name, tokens, cost }) => [name, { tokens, costUsd: cost }])) }
    }
    return this.#known.byAgent.get(agent)
  }

  [Symbol.dispose](): void {
    if (this.#database.isOpen) this.#database.close()
  }
}
