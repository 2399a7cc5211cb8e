/** The exit statuses of every verb. They are an interface: scripts and agents branch on them. */

import { type ErrorCode, EXIT_STATUS } from '@mosaic/domain/error'

export const EXIT = {
  done: 0,
  notDone: EXIT_STATUS.not_done,
  usage: EXIT_STATUS.invalid,
  notFound: EXIT_STATUS.not_found,
  refused: EXIT_STATUS.refused,
  missing: EXIT_STATUS.missing,
  /** Ended by Ctrl-C before its end: 128 + SIGINT, as shells expect it. */
  interrupted: 130,
} as const

/** What each status means, as printed in the reference. */
export const EXIT_MEANINGS: readonly (readonly [status: number, meaning: string])[] = [
  [EXIT.done, 'done'],
  [EXIT.notDone, 'not done; the reason is printed'],
  [EXIT.usage, 'usage: an unknown option, a missing or bad argument'],
  [EXIT.notFound, 'not found: no such agent, message or roster'],
  [EXIT.refused, 'refused by policy or by the state of the fleet'],
  [EXIT.missing, 'a program is missing; the command that installs it is printed'],
  [EXIT.interrupted, 'ended by Ctrl-C'],
]

export const exitStatusOf = (code: ErrorCode): number => EXIT_STATUS[code]
