/**
 * The spool on SQLite: one transaction per change, synced before it returns, so that whatever was acknowledged survives
 * `kill -9`, and a full disk is an error of the sender, never half a message. Several processes may have it open.
 */

import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import type { DatabaseSync, StatementSync } from 'node:sqlite'
import { type Address, formatAddress, parseAddress } from '@mosaic/domain/address'
import { FleetError } from '@mosaic/domain/error'
import {
  type BlockReason,
  type Message,
  type MessageHead,
  nextReceiptState,
  type Receipt,
  type ReceiptState,
  utf8Length,
} from '@mosaic/domain/message'
import type { ReceiptChange, Spool, SpooledMessage } from '@mosaic/domain/ports/mailbox'
import { type DatabaseSpec, databaseProblem, openStore } from '../files/database.ts'
import type { MosaicPaths } from '../paths.ts'

const WHAT = 'the spool'
const BUSY_MS = 10_000

/** `message_waiting` has all of an unsettled message but its text, and by its states the one under way before those that wait. */
const SCHEMA = `
CREATE TABLE IF NOT EXISTS message (
  seq INTEGER PRIMARY KEY AUTOINCREMENT,
  id TEXT NOT NULL UNIQUE,
  sender TEXT NOT NULL,
  receiver TEXT NOT NULL,
  session TEXT NOT NULL,
  text TEXT NOT NULL,
  bytes INTEGER NOT NULL,
  urgent INTEGER NOT NULL,
  created_ms REAL NOT NULL,
  deadline_ms REAL,
  state TEXT NOT NULL,
  reason TEXT,
  detail TEXT,
  signal TEXT,
  mode TEXT,
  attempts INTEGER NOT NULL DEFAULT 0,
  incarnation TEXT,
  injected_ms REAL,
  accepted_ms REAL
) STRICT;
DROP INDEX IF EXISTS message_pending;
CREATE INDEX IF NOT EXISTS message_waiting ON message
  (session, state, seq, deadline_ms, sender, reason, detail, id, receiver, urgent, created_ms, attempts, incarnation)
  WHERE state IN ('stored', 'injecting', 'injected');
CREATE INDEX IF NOT EXISTS message_receiver ON message (session, seq);
`

/** What the index `message_waiting` has. */
interface HeadRow {
  id: string
  sender: string
  receiver: string
  urgent: number
  created_ms: number
  deadline_ms: number | null
  state: ReceiptState
  attempts: number
  incarnation: string | null
}

interface Row extends HeadRow {
  text: string
  bytes: number
  reason: BlockReason | null
  detail: string | null
  signal: string | null
  mode: 'turn' | 'queued' | 'steered' | null
  injected_ms: number | null
  accepted_ms: number | null
}

const iso = (ms: number | null): string | null => (ms === null ? null : new Date(ms).toISOString())

function addressOf(text: string): Address {
  const address = parseAddress(text)
  if (address === undefined)
    throw new FleetError('invalid', `${JSON.stringify(text)} is not an address`, { mend: 'write tenant@host:session' })
  return address
}

function receiptOf(row: Row): Receipt {
  const to = addressOf(row.receiver)
  return {
    id: row.id,
    tenant_id: to.tenant_id,
    host: to.host,
    from: row.sender,
    to: row.receiver,
    state: row.state,
    reason: row.reason,
    detail: row.detail,
    signal: row.signal,
    mode: row.mode,
    attempts: row.attempts,
    bytes: row.bytes,
    created_at: new Date(row.created_ms).toISOString(),
    injected_at: iso(row.injected_ms),
    accepted_at: iso(row.accepted_ms),
    // Without a mode it was heard of later only.
    latency_ms:
      row.accepted_ms === null || row.mode === null ? null : Math.max(0, Math.round((row.accepted_ms - row.created_ms) * 10) / 10),
  }
}

function headOf(row: HeadRow): MessageHead {
  return {
    id: row.id,
    from: addressOf(row.sender),
    to: addressOf(row.receiver),
    urgent: row.urgent === 1,
    createdAtMs: row.created_ms,
    deadlineAtMs: row.deadline_ms ?? undefined,
  }
}

const spooledOf = (row: HeadRow): SpooledMessage => ({
  message: headOf(row),
  state: row.state,
  attempts: row.attempts,
  incarnation: row.incarnation,
})

const PENDING = `state IN ('stored', 'injecting', 'injected')`
const HEAD = `SELECT id, sender, receiver, urgent, created_ms, deadline_ms, state, attempts, incarnation
  FROM message INDEXED BY message_waiting WHERE session = ? AND ${PENDING}`
/** Takes a JSON list of sessions; the sender's is what follows the one colon of its address. */
const SENT_BY = `substr(sender, instr(sender, ':') + 1) IN (SELECT value FROM json_each(?))`

/** Turns what SQLite throws into what the sender can act on; nothing was stored in any of these cases. */
function guarded<T>(what: string, act: () => T): T {
  try {
    return act()
  } catch (error) {
    if (error instanceof FleetError) throw error
    const problem = databaseProblem(error)
    if (problem === undefined) throw error
    const isFull = problem.kind === 'full'
    throw new FleetError('not_done', `${what}: ${problem.kind === 'busy' ? 'the spool is busy' : problem.words}`, {
      reason: isFull ? 'disk-full' : 'spool',
      mend: isFull ? 'free some space, then send again' : 'mosaic fleet doctor',
      cause: error,
    })
  }
}

export class SqliteSpool implements Spool, Disposable {
  readonly #database: DatabaseSync
  readonly #byId: StatementSync
  readonly #first: StatementSync
  readonly #firstOf: StatementSync
  readonly #senders: StatementSync
  readonly #nearest: StatementSync
  readonly #overdue: StatementSync
  readonly #hold: StatementSync
  readonly #pendingFrom: StatementSync

  constructor(file: string) {
    this.#database = guarded('the spool cannot be opened', () => openStore({ file, what: WHAT, schema: SCHEMA }, BUSY_MS))
    this.#byId = this.#database.prepare('SELECT * FROM message WHERE id = ?')
    const prepare = (sql: string) => this.#database.prepare(sql)
    this.#first = prepare(`${HEAD} ORDER BY state, seq LIMIT 1`)
    this.#firstOf = prepare(`${HEAD} AND ${SENT_BY} ORDER BY state, seq LIMIT 1`)
    this.#senders = prepare(
      `SELECT DISTINCT substr(sender, instr(sender, ':') + 1) AS session FROM message INDEXED BY message_waiting
       WHERE session = ? AND ${PENDING} AND state = 'stored'`,
    )
    this.#nearest = prepare(`SELECT min(deadline_ms) AS ms FROM message INDEXED BY message_waiting WHERE session = ? AND ${PENDING}`)
    this.#overdue = prepare(
      `SELECT id FROM message INDEXED BY message_waiting WHERE session = ? AND ${PENDING} AND state = 'stored' AND deadline_ms <= ? ORDER BY seq`,
    )
    this.#pendingFrom = prepare(
      `SELECT count(*) AS pending FROM message INDEXED BY message_waiting WHERE session = ? AND ${PENDING} AND sender = ?`,
    )
    this.#hold = prepare(
      `UPDATE message INDEXED BY message_waiting SET reason = ?, detail = ?
       WHERE session = ? AND ${PENDING} AND state = 'stored' AND (reason IS NOT ? OR detail IS NOT ?) AND ${SENT_BY}`,
    )
  }

  store(message: Message): Receipt {
    return guarded('the message was not stored', () =>
      this.#transaction(() => {
        const known = this.#row(message.id)
        if (known !== undefined) {
          if (known.receiver === formatAddress(message.to) && known.text === message.text) return receiptOf(known)
          throw new FleetError('refused', `message id ${message.id} was used for another message`, { mend: 'send without --id' })
        }
        this.#database
          .prepare(
            `INSERT INTO message (id, sender, receiver, session, text, bytes, urgent, created_ms, deadline_ms, state)
             VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, 'stored')`,
          )
          .run(
            message.id,
            formatAddress(message.from),
            formatAddress(message.to),
            message.to.session,
            message.text,
            utf8Length(message.text),
            message.urgent ? 1 : 0,
            message.createdAtMs,
            message.deadlineAtMs ?? null,
          )
        return receiptOf(this.#mustRow(message.id))
      }),
    )
  }

  apply(id: string, change: ReceiptChange): Receipt {
    return guarded('the receipt was not updated', () => this.#transaction(() => this.#apply(this.#mustRow(id), change)))
  }

  hold(session: string, senders: readonly string[], reason: BlockReason, detail: string): void {
    guarded('the receipt was not updated', () => this.#hold.run(reason, detail, session, reason, detail, JSON.stringify(senders)))
  }

  expireWaiting(session: string, atMs: number): Receipt[] {
    const overdue = this.#overdue.all(session, atMs) as unknown as { id: string }[]
    if (overdue.length === 0) return []
    return guarded('the receipts were not updated', () =>
      this.#transaction(() =>
        overdue.map(({ id }) => {
          const row = this.#mustRow(id)
          const { reason, detail } = row
          return this.#apply(row, { event: 'expire', atMs, reason: reason ?? 'timeout', detail: detail ?? 'its deadline passed' })
        }),
      ),
    )
  }

  first(session: string, senders?: readonly string[]): SpooledMessage | undefined {
    const row = senders === undefined ? this.#first.get(session) : this.#firstOf.get(session, JSON.stringify(senders))
    return row === undefined ? undefined : spooledOf(row as unknown as HeadRow)
  }

  senders(session: string): string[] {
    return (this.#senders.all(session) as unknown as { session: string }[]).map((row) => row.session)
  }

  nearestDeadlineMs(session: string): number | undefined {
    return (this.#nearest.get(session) as unknown as { ms: number | null }).ms ?? undefined
  }

  message(id: string): Message | undefined {
    const row = this.#row(id)
    return row === undefined ? undefined : { ...headOf(row), text: row.text }
  }

  pending(session: string): SpooledMessage[] {
    return (this.#database.prepare(`${HEAD} ORDER BY seq`).all(session) as unknown as HeadRow[]).map(spooledOf)
  }

  /** How many of a sender's messages to a receiver are unsettled. */
  pendingFrom(sender: Address, session: string): number {
    return (this.#pendingFrom.get(session, formatAddress(sender)) as unknown as { pending: number }).pending
  }

  receivers(): { session: string; queued: number }[] {
    return this.#database.prepare(`SELECT session, count(*) AS queued FROM message WHERE ${PENDING} GROUP BY session`).all() as unknown as {
      session: string
      queued: number
    }[]
  }

  receipt(id: string): Receipt | undefined {
    const row = this.#row(id)
    return row === undefined ? undefined : receiptOf(row)
  }

  receipts(session: string, limit: number): Receipt[] {
    const rows = this.#database.prepare('SELECT * FROM message WHERE session = ? ORDER BY seq DESC LIMIT ?').all(session, limit)
    return (rows as unknown as Row[]).map(receiptOf)
  }

  /** What was sent to `address` and by it, newest first, with the texts. */
  correspondence(address: Address, limit: number): { receipt: Receipt; text: string }[] {
    const rows = this.#database
      .prepare('SELECT * FROM message WHERE session = ? OR sender = ? ORDER BY seq DESC LIMIT ?')
      .all(address.session, formatAddress(address), limit)
    return (rows as unknown as Row[]).map((row) => ({ receipt: receiptOf(row), text: row.text }))
  }

  prune(beforeMs: number): number {
    const { changes } = this.#database.prepare(`DELETE FROM message WHERE NOT (${PENDING}) AND created_ms < ?`).run(beforeMs)
    return Number(changes)
  }

  close(): void {
    if (this.#database.isOpen) this.#database.close()
  }

  [Symbol.dispose](): void {
    this.close()
  }

  #apply(row: Row, change: ReceiptChange): Receipt {
    const to = nextReceiptState(row.state, change.event, row.attempts)
    if (to === undefined) return receiptOf(row)
    const claimed = change.event === 'claim'
    const accepted = change.event === 'accept'
    this.#database
      .prepare(
        `UPDATE message SET state = ?, reason = ?, detail = ?, signal = ?, mode = ?, attempts = ?, incarnation = ?, injected_ms = ?, accepted_ms = ?
         WHERE id = ?`,
      )
      .run(
        to,
        accepted ? null : (change.reason ?? null),
        accepted ? null : (change.detail ?? null),
        change.signal ?? row.signal,
        change.mode ?? row.mode,
        row.attempts + (claimed ? 1 : 0) - (change.event === 'postpone' ? 1 : 0),
        change.incarnation ?? row.incarnation,
        change.event === 'injected'
          ? change.atMs
          : accepted
            ? (row.injected_ms ?? (change.mode === null ? null : change.atMs))
            : row.injected_ms,
        accepted ? change.atMs : row.accepted_ms,
        row.id,
      )
    return receiptOf(this.#mustRow(row.id))
  }

  #row(id: string): Row | undefined {
    return this.#byId.get(id) as unknown as Row | undefined
  }

  #mustRow(id: string): Row {
    const row = this.#row(id)
    if (row === undefined)
      throw new FleetError('not_found', `no message ${JSON.stringify(id)}`, { mend: 'check the id that `agent send` printed' })
    return row
  }

  #transaction<T>(act: () => T): T {
    this.#database.exec('BEGIN IMMEDIATE')
    try {
      const result = act()
      this.#database.exec('COMMIT')
      return result
    } catch (error) {
      if (this.#database.isTransaction) this.#database.exec('ROLLBACK')
      throw error
    }
  }
}

export const spoolDatabase = (paths: MosaicPaths): DatabaseSpec => ({ file: join(paths.spool, 'spool.db'), what: WHAT, schema: SCHEMA })

/** The tenant's spool, made when absent. @throws FleetError `not_done` when it cannot be opened */
export function openSpool(paths: MosaicPaths): SqliteSpool {
  mkdirSync(paths.spool, { recursive: true, mode: 0o700 })
  return new SqliteSpool(spoolDatabase(paths).file)
}
