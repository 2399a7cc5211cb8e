/** What agents reported and escalated, durable: synced before it is told, bounded per agent. */

import { mkdirSync } from 'node:fs'
import { dirname } from 'node:path'
import { DatabaseSync, type SQLInputValue } from 'node:sqlite'
import { FleetError } from '@mosaic/domain/error'
import type { Escalation, Report } from '@mosaic/domain/report'
import { readDatabase } from '../files/read-only-database.ts'
import type { MosaicPaths } from '../paths.ts'

/** Of each agent the newest are kept. */
const KEPT_PER_AGENT = 1_000
/** More calls than these are not open at once for one agent: an operator reads no more of them. */
const MAX_OPEN = 20

const SCHEMA = `
CREATE TABLE IF NOT EXISTS report (
  seq INTEGER PRIMARY KEY AUTOINCREMENT,
  id TEXT NOT NULL UNIQUE,
  at TEXT NOT NULL,
  tenant_id TEXT NOT NULL,
  host TEXT NOT NULL,
  agent TEXT NOT NULL,
  kind TEXT NOT NULL,
  task TEXT,
  text TEXT NOT NULL,
  percent REAL
) STRICT;
CREATE INDEX IF NOT EXISTS report_agent ON report (agent, seq);
CREATE TABLE IF NOT EXISTS escalation (
  seq INTEGER PRIMARY KEY AUTOINCREMENT,
  id TEXT NOT NULL UNIQUE,
  at TEXT NOT NULL,
  tenant_id TEXT NOT NULL,
  host TEXT NOT NULL,
  agent TEXT NOT NULL,
  "trigger" TEXT NOT NULL,
  text TEXT NOT NULL,
  message_id TEXT,
  acknowledged_at TEXT,
  acknowledged_by TEXT
) STRICT;
CREATE INDEX IF NOT EXISTS escalation_open ON escalation (agent, seq) WHERE acknowledged_at IS NULL;
CREATE TABLE IF NOT EXISTS renamed (
  kind TEXT NOT NULL,
  agent TEXT NOT NULL,
  call_id TEXT NOT NULL,
  id TEXT NOT NULL,
  PRIMARY KEY (kind, agent, call_id)
) STRICT;
`
/** By its agent and the id of the call that made it; the second is not its own where another agent's entry had that id before. */
const OF_CALL =
  'agent = :agent AND id = coalesce((SELECT id FROM renamed WHERE kind = :kind AND agent = :agent AND call_id = :callId), :callId)'

type Kind = 'report' | 'escalation'

const REPORT = 'id, at, tenant_id, host, agent, kind, task, text, percent'
const ESCALATION = 'id, at, tenant_id, host, agent, "trigger", text, message_id, acknowledged_at, acknowledged_by'
const OPEN_ONES = 'SELECT * FROM escalation WHERE acknowledged_at IS NULL ORDER BY seq DESC LIMIT 200'
const ALL = 'SELECT * FROM escalation ORDER BY seq DESC LIMIT 1000'

/** A row has the sequence number besides. */
const without = <T>(row: unknown): T => {
  const { seq: _, ...rest } = row as Record<string, unknown>
  return rest as T
}

function guarded<T>(what: string, act: () => T): T {
  try {
    return act()
  } catch (error) {
    const code = (error as { errcode?: number }).errcode
    if (error instanceof FleetError || code === undefined) throw error
    // 13 SQLITE_FULL
    const full = (code & 0xff) === 13
    throw new FleetError('not_done', `${what}: ${full ? 'the disk is full' : (error as Error).message}`, {
      reason: full ? 'disk-full' : 'reports',
      mend: full ? 'free some space, then try again' : 'mosaic fleet doctor',
      cause: error,
    })
  }
}

export class ReportStore implements Disposable {
  readonly #database: DatabaseSync

  /** @throws FleetError `not_done` when it cannot be opened */
  constructor(paths: Pick<MosaicPaths, 'reportsFile'>) {
    this.#database = guarded('the reports of agents cannot be opened', () => {
      mkdirSync(dirname(paths.reportsFile), { recursive: true, mode: 0o700 })
      const database = new DatabaseSync(paths.reportsFile, { timeout: 10_000 })
      database.exec(`PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; ${SCHEMA}`)
      return database
    })
  }

  /** What this call of the agent made, when it is the repeat of one. */
  madeBy<K extends Kind>(kind: K, agent: string, callId: string): (K extends 'report' ? Report : Escalation) | undefined {
    const row = this.#database.prepare(`SELECT * FROM ${kind} WHERE ${OF_CALL}`).get({ kind, agent, callId })
    return row === undefined ? undefined : without(row)
  }

  /** An operator names an entry by its id alone, so that no two have the same, whichever ids agents chose for their calls. */
  isTaken(kind: Kind, id: string): boolean {
    return this.#database.prepare(`SELECT 1 FROM ${kind} WHERE id = ?`).get(id) !== undefined
  }

  /** Stored durably when this returns. */
  addReport(report: Report, callId = report.id): void {
    this.#add('report', REPORT, report, callId)
  }

  /** @throws FleetError `refused` when too many of this agent are open */
  addEscalation(escalation: Escalation, callId = escalation.id): void {
    const { open } = this.#database
      .prepare('SELECT count(*) AS open FROM escalation WHERE agent = ? AND acknowledged_at IS NULL')
      .get(escalation.agent) as { open: number }
    if (open >= MAX_OPEN) {
      throw new FleetError('refused', `${open} of your escalations are open; at most ${MAX_OPEN} may be`, {
        reason: 'too-many',
        mend: 'wait until the operator has acknowledged some',
      })
    }
    this.#add('escalation', ESCALATION, escalation, callId)
  }

  /** The message by which the orchestrator was told. */
  noteMessage(id: string, messageId: string): void {
    guarded('the escalation was not updated', () =>
      this.#database.prepare('UPDATE escalation SET message_id = ? WHERE id = ?').run(messageId, id),
    )
  }

  reports(agent: string | undefined, limit: number): Report[] {
    const rows =
      agent === undefined
        ? this.#database.prepare('SELECT * FROM report ORDER BY seq DESC LIMIT ?').all(limit)
        : this.#database.prepare('SELECT * FROM report WHERE agent = ? ORDER BY seq DESC LIMIT ?').all(agent, limit)
    return rows.map((row) => without<Report>(row))
  }

  /** Newest first: the open ones, or all. */
  escalations(options: { all: boolean }): Escalation[] {
    const rows = this.#database.prepare(options.all ? ALL : OPEN_ONES).all()
    return rows.map((row) => without<Escalation>(row))
  }

  escalation(id: string): Escalation | undefined {
    const row = this.#database.prepare('SELECT * FROM escalation WHERE id = ?').get(id)
    return row === undefined ? undefined : without<Escalation>(row)
  }

  /** The first acknowledgement stays. */
  acknowledge(id: string, at: string, by: string): void {
    guarded('the escalation was not acknowledged', () =>
      this.#database
        .prepare('UPDATE escalation SET acknowledged_at = ?, acknowledged_by = ? WHERE id = ? AND acknowledged_at IS NULL')
        .run(at, by, id),
    )
  }

  [Symbol.dispose](): void {
    if (this.#database.isOpen) this.#database.close()
  }

  #add(table: Kind, columns: string, entry: Report | Escalation, callId: string): void {
    const values = Object.fromEntries(Object.entries(entry)) as Record<string, SQLInputValue>
    const marks = columns.split(', ').map((column) => `:${column.replaceAll('"', '')}`)
    const settled = table === 'report' ? '' : 'AND acknowledged_at IS NOT NULL'
    this.#transaction(`the ${table} was not stored`, () => {
      this.#database.prepare(`INSERT INTO ${table} (${columns}) VALUES (${marks.join(', ')})`).run(values)
      if (entry.id !== callId)
        this.#database
          .prepare('INSERT INTO renamed (kind, agent, call_id, id) VALUES (?, ?, ?, ?)')
          .run(table, entry.agent, callId, entry.id)
      this.#database
        .prepare(
          `DELETE FROM ${table} WHERE agent = ? ${settled} AND seq <= (SELECT seq FROM ${table} WHERE agent = ? ORDER BY seq DESC LIMIT 1 OFFSET ?)`,
        )
        .run(entry.agent, entry.agent, KEPT_PER_AGENT)
      this.#database
        .prepare(`DELETE FROM renamed WHERE kind = ? AND agent = ? AND id NOT IN (SELECT id FROM ${table})`)
        .run(table, entry.agent)
    })
  }

  #transaction(what: string, act: () => void): void {
    guarded(what, () => {
      this.#database.exec('BEGIN IMMEDIATE')
      try {
        act()
        this.#database.exec('COMMIT')
      } catch (error) {
        if (this.#database.isTransaction) this.#database.exec('ROLLBACK')
        throw error
      }
    })
  }
}

/** Calls as seen without the host service: the open ones, or all; none where nothing can be read. */
export function escalationsOnDisk(paths: Pick<MosaicPaths, 'reportsFile'>, options: { all: boolean }): Escalation[] {
  return readDatabase(paths.reportsFile, [], (database) =>
    database
      .prepare(options.all ? ALL : OPEN_ONES)
      .all()
      .map((row) => without<Escalation>(row)),
  )
}

/** As `ReportStore.reports`, without the host service. */
export function reportsOnDisk(paths: Pick<MosaicPaths, 'reportsFile'>, agent: string | undefined, limit: number): Report[] {
  return readDatabase(paths.reportsFile, [], (database) => {
    const where = agent === undefined ? '' : 'WHERE agent = :agent'
    const rows = database.prepare(`SELECT * FROM report ${where} ORDER BY seq DESC LIMIT :limit`)
    return rows.all(agent === undefined ? { limit } : { agent, limit }).map((row) => without<Report>(row))
  })
}
