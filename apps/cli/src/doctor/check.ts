/** One thing that the doctor looks at. */

import type { Context } from '../context.ts'

/** `note` is worth knowing, `warn` will bite some day, `fail` keeps a fleet from working. */
export type CheckStatus = 'ok' | 'note' | 'warn' | 'fail'

export interface Finding {
  check: string
  status: CheckStatus
  /** What was found. */
  detail: string
  /** What to do about it; null when there is nothing to do. */
  mend: string | null
}

export interface Fixable extends Finding {
  /** Mends it, where that can do no harm; resolves to what was done. */
  fix?(): Promise<string> | string
}

export interface CheckOptions {
  context: Context
  /** The host service answers. */
  serviceRuns: boolean
}

export type Check = (options: CheckOptions) => Promise<Fixable[]> | Fixable[]

export const ok = (check: string, detail: string): Finding => ({ check, status: 'ok', detail, mend: null })
export const note = (check: string, detail: string, mend: string | null = null): Finding => ({ check, status: 'note', detail, mend })
export const warn = (check: string, detail: string, mend: string): Finding => ({ check, status: 'warn', detail, mend })
export const fail = (check: string, detail: string, mend: string): Finding => ({ check, status: 'fail', detail, mend })
