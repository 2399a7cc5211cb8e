/** The one error type. A code decides the exit status and the HTTP status; the text is for the operator. */

export const ERROR_CODES = ['not_done', 'invalid', 'not_found', 'refused', 'missing', 'internal'] as const
export type ErrorCode = (typeof ERROR_CODES)[number]

/** Process exit status per code. 0 is "done". */
export const EXIT_STATUS: Readonly<Record<ErrorCode, number>> = {
  not_done: 1,
  invalid: 2,
  not_found: 3,
  refused: 4,
  missing: 5,
  internal: 1,
}

/** HTTP status per code. */
export const HTTP_STATUS: Readonly<Record<ErrorCode, number>> = {
  not_done: 409,
  invalid: 400,
  not_found: 404,
  refused: 403,
  missing: 503,
  internal: 500,
}

export interface FleetErrorDetail {
  /** Where it went wrong: a file with line and column, a verb, an agent. */
  where?: string
  /** What the user can do about it: a command or an edit. */
  mend?: string
  /** A stable word for machines, e.g. `dialog`, `observer_down`. */
  reason?: string
  cause?: unknown
}

/**
 * An error that may be shown as it is. Anything else that is thrown is `internal`: its text goes to the log only.
 */
export class FleetError extends Error {
  readonly code: ErrorCode
  readonly where: string | undefined
  readonly mend: string | undefined
  readonly reason: string | undefined

  constructor(code: ErrorCode, message: string, detail: FleetErrorDetail = {}) {
    super(message, detail.cause === undefined ? undefined : { cause: detail.cause })
    this.name = 'FleetError'
    this.code = code
    this.where = detail.where
    this.mend = detail.mend
    this.reason = detail.reason
  }
}

/** The same error in a form that crosses a socket. */
export interface ErrorRecord {
  code: ErrorCode
  message: string
  where?: string | undefined
  mend?: string | undefined
  reason?: string | undefined
}

/** What may leave the process: a `FleetError` whole, anything else as a bare `internal`. */
export function toErrorRecord(error: unknown): ErrorRecord {
  if (error instanceof FleetError) {
    const { code, message, where, mend, reason } = error
    return { code, message, where, mend, reason }
  }
  return { code: 'internal', message: 'internal error', mend: 'see the log of the host service' }
}

export function fromErrorRecord(record: ErrorRecord): FleetError {
  const code = ERROR_CODES.includes(record.code) ? record.code : 'internal'
  return new FleetError(code, record.message, {
    ...(record.where === undefined ? {} : { where: record.where }),
    ...(record.mend === undefined ? {} : { mend: record.mend }),
    ...(record.reason === undefined ? {} : { reason: record.reason }),
  })
}
