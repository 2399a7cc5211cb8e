/** SQLite files: opened only where there is one, judged without a change, and never mistaken for broken when the machine is. */

import { accessSync, constants, existsSync, lstatSync } from 'node:fs'
import { dirname } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { pathToFileURL } from 'node:url'
import { FleetError } from '@mosaic/domain/error'
import { fileError } from './file-error.ts'

/** What stands beside a database and belongs to it. */
export const COMPANIONS = ['-wal', '-shm', '-journal'] as const

/** A larger file is not read through: that would take longer than anybody waits. */
const MAX_CHECKED_BYTES = 256 * 1024 * 1024
/** Of SQLite's smallest page. */
const MIN_BYTES = 512
const BUSY_MS = 5_000

const BUSY = 5
const FULL = 13
const CORRUPT = 11
const NOT_A_DATABASE = 26

/** By SQLite's primary result code. */
const WORDS: Readonly<Record<number, string>> = {
  3: 'permission denied',
  [BUSY]: 'it is busy',
  8: 'it cannot be written',
  10: 'the disk does not read or write it',
  [CORRUPT]: 'its content is damaged',
  [FULL]: 'the disk is full',
  14: 'it cannot be opened',
  [NOT_A_DATABASE]: 'its content is not that of a database',
}

/** What SQLite meant by its error; `undefined` for an error of anything else. */
export interface DatabaseProblem {
  words: string
  kind: 'full' | 'busy' | 'broken' | 'other'
}

export function databaseProblem(error: unknown): DatabaseProblem | undefined {
  const code = (error as { errcode?: number }).errcode
  if (code === undefined) return undefined
  const primary = code & 0xff
  const kind =
    primary === FULL ? 'full' : primary === BUSY ? 'busy' : primary === CORRUPT || primary === NOT_A_DATABASE ? 'broken' : 'other'
  return { kind, words: WORDS[primary] ?? (error as Error).message }
}

/** A database as a part of the fleet means it. */
export interface DatabaseSpec {
  file: string
  /** In words: "the spool". */
  what: string
  /** Statements that make its tables where they are missing. */
  schema: string
}

/** Of every schema that this version makes: a later one that is not understood by it has to count further. */
const VERSION = 0
const versionOf = (database: DatabaseSync): number =>
  (database.prepare('PRAGMA user_version').get() as { user_version: number }).user_version

const statOf = (path: string) => lstatSync(path, { throwIfNoEntry: false })

/** What stands in the place of the file, or of one that belongs to it, and is none; `undefined` when all are files or absent. */
function notAFile(file: string): string | undefined {
  const bad = ['', ...COMPANIONS].find((suffix) => statOf(`${file}${suffix}`)?.isFile() === false)
  return bad === undefined ? undefined : `${file}${bad} is not a regular file`
}

/** What SQLite would take for a new database and write over: less than its smallest page, or nothing but the log beside it. */
function writtenOver(file: string): string | undefined {
  const size = statOf(file)?.size ?? 0
  if (size > 0 && size < MIN_BYTES) return `${file} is cut off`
  const isAlone = size === 0 && (statOf(`${file}-wal`)?.size ?? 0) > 0
  return isAlone ? `${file} is empty, and what was written last stands beside it` : undefined
}

/**
 * Opens a database, which is made when absent. A FIFO in its place is not waited for and no link is followed.
 * @throws FleetError `not_done` when something else stands there, or this user may not use it; what SQLite throws otherwise
 */
export function openDatabase({ file, what }: Omit<DatabaseSpec, 'schema'>, timeoutMs: number): DatabaseSync {
  assertAccess(dirname(file), what)
  const bad = notAFile(file) ?? writtenOver(file)
  if (bad !== undefined) throw unusable(what, bad, file)
  if (existsSync(file)) assertAccess(file, what)
  return new DatabaseSync(file, { timeout: timeoutMs })
}

/** One that this version understands. @throws FleetError `not_done` for another one; what SQLite throws otherwise */
export function openStore(spec: DatabaseSpec, timeoutMs: number): DatabaseSync {
  const database = openDatabase(spec, timeoutMs)
  try {
    if (versionOf(database) !== VERSION) throw unusable(spec.what, `${spec.file} is of another version`, spec.file)
    database.exec('PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;')
    database.exec(spec.schema)
    return database
  } catch (error) {
    database.close()
    throw error
  }
}

function unusable(what: string, why: string, where: string, cause?: unknown): FleetError {
  return new FleetError('not_done', `${what} cannot be opened: ${why}`, { where, reason: 'database', mend: 'mosaic fleet doctor', cause })
}

/** SQLite tells no more of a refusal than that there was one. */
function assertAccess(path: string, what: string): void {
  try {
    accessSync(path, constants.R_OK | constants.W_OK)
  } catch (error) {
    const absent = (error as NodeJS.ErrnoException).code === 'ENOENT'
    const why = absent ? 'its directory is not there' : (fileError(error)?.message ?? (error as Error).message)
    throw unusable(what, why, path, error)
  }
}

/** Columns per table, in one text that is the same for the same schema. */
function shapeOf(database: DatabaseSync, tables: readonly string[]): string {
  const columns = database.prepare('SELECT name, type, "notnull", pk FROM pragma_table_info(?) ORDER BY cid')
  return JSON.stringify(tables.map((table) => columns.all(table)))
}

const tablesOf = (database: DatabaseSync): string[] =>
  (
    database
      .prepare(`SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' ORDER BY name`)
      .all() as {
      name: string
    }[]
  ).map(({ name }) => name)

function isOtherSchema(database: DatabaseSync, schema: string): boolean {
  using wanted = new DatabaseSync(':memory:')
  wanted.exec(schema)
  if (versionOf(database) !== VERSION) return true
  const wantedTables = tablesOf(wanted)
  const tables = tablesOf(database).filter((name) => wantedTables.includes(name))
  return shapeOf(database, tables) !== shapeOf(wanted, tables)
}

/**
 * Without a log beside it nobody writes it, and nothing is made there either.
 * @param mayRecover true: what a writer that was killed left half done may be undone
 */
function openToLook(file: string, mayRecover: boolean): DatabaseSync | undefined {
  // Only a writer can undo, and before that nothing true can be said.
  if (existsSync(`${file}-journal`)) return mayRecover ? new DatabaseSync(file, { timeout: BUSY_MS }) : undefined
  const url = pathToFileURL(file)
  if (!existsSync(`${file}-wal`)) url.searchParams.set('immutable', '1')
  return new DatabaseSync(url, { readOnly: true, timeout: BUSY_MS })
}

export interface DatabaseLook {
  /** Why it cannot be used: it is broken, or of another version. */
  fault: string | undefined
  /** False when it was not read through: it is too large, or a killed writer's work has to be undone first. */
  checked: boolean
}

/**
 * Looks at a database and changes nothing of what it holds. An absent or an empty file is in order: it is made.
 * @throws FleetError `not_done` when it cannot be looked at, which says nothing about the file
 */
export function lookAtDatabase(spec: DatabaseSpec, options: { mayRecover: boolean }): DatabaseLook {
  const { file, what, schema } = spec
  if (!existsSync(dirname(file))) return { fault: undefined, checked: true }
  assertAccess(dirname(file), what)
  const bad = notAFile(file) ?? writtenOver(file)
  const size = statOf(file)?.size ?? 0
  if (bad !== undefined || size === 0) return { fault: bad, checked: true }
  const checked = size <= MAX_CHECKED_BYTES
  assertAccess(file, what)
  try {
    using database = openToLook(file, options.mayRecover)
    if (database === undefined) return { fault: undefined, checked: false }
    const [found] = checked ? (database.prepare('PRAGMA quick_check(1)').all() as { quick_check: string }[]) : []
    if (found !== undefined && found.quick_check !== 'ok') return { fault: `${file} is damaged: ${found.quick_check}`, checked }
    return { fault: isOtherSchema(database, schema) ? `${file} is of another version` : undefined, checked }
  } catch (error) {
    const problem = databaseProblem(error)
    if (problem?.kind === 'broken') return { fault: `${file}: ${problem.words}`, checked }
    throw problem === undefined ? error : unusable(what, problem.words, file, error)
  }
}
