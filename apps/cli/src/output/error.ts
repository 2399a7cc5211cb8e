/** Errors for people and for machines. Nothing but a `FleetError` shows its text. */

import { displaySafe } from '@mosaic/domain/display'
import { type ErrorRecord, FleetError, toErrorRecord } from '@mosaic/domain/error'
import { fileError } from '@mosaic/host/files/file-error'
import type { Style } from './style.ts'

export const asFleetError = (error: unknown): FleetError | undefined => (error instanceof FleetError ? error : fileError(error))

/** The document that stands on stdout with `--json`: every key is always there. */
export function errorDocument(error: unknown, logFile: string): { error: Record<keyof ErrorRecord, string | null> } {
  const known = asFleetError(error)
  const record: ErrorRecord = known === undefined ? { ...toErrorRecord(error), mend: `look into ${logFile}` } : toErrorRecord(known)
  const { code, message, where = null, mend = null, reason = null } = record
  return { error: { code, message, where, mend, reason } }
}

/** The lines on stderr. */
export function errorText(error: unknown, logFile: string, style: Style): string {
  const { message, where, mend } = errorDocument(error, logFile).error
  const safeLines = (text: string | null, indent = '  '): string => (text ?? '').split('\n').map(displaySafe).join(`\n${indent}`)
  let out = `${style.red('mosaic:')} ${safeLines(message)}\n`
  if (where !== null && !(message ?? '').includes(where)) out += `  ${style.dim('where:')} ${safeLines(where, ' '.repeat(9))}\n`
  if (mend !== null) out += `  ${style.dim('mend:')}  ${safeLines(mend, ' '.repeat(9))}\n`
  return out
}
