/** The audit file: one JSON line per act, appended and synced before the act. */

import { closeSync, constants, fstatSync, fsyncSync, mkdirSync, openSync } from 'node:fs'
import { dirname } from 'node:path'
import { FleetError } from '@mosaic/domain/error'
import type { Audit, AuditRecord } from '@mosaic/domain/ports/audit'
import { writeFully } from '../files/atomic-write.ts'
import type { MosaicPaths } from '../paths.ts'
import { endsInsideLine } from '../signals/append-file.ts'

/** No link is followed, and a FIFO in the file's place is not waited for. Read access: to see a torn end. */
const FLAGS = constants.O_RDWR | constants.O_APPEND | constants.O_CREAT | constants.O_NOFOLLOW | constants.O_NONBLOCK

/** Appends to `fleet/audit.jsonl`; several processes may, since a line is one append. */
export function openAudit(paths: MosaicPaths): Audit {
  return {
    record(entry: AuditRecord): void {
      const { atMs, ...rest } = entry
      const line = `${JSON.stringify({ at: new Date(atMs).toISOString(), ...rest })}\n`
      try {
        mkdirSync(dirname(paths.auditFile), { recursive: true, mode: 0o700 })
        const fd = openSync(paths.auditFile, FLAGS, 0o600)
        try {
          const stat = fstatSync(fd)
          if (!stat.isFile()) throw new Error('not a regular file')
          // What a full disk or a killed writer cut off must not swallow this line.
          writeFully(fd, Buffer.from(endsInsideLine(fd, stat.size) ? `\n${line}` : line, 'utf8'))
          fsyncSync(fd)
        } finally {
          closeSync(fd)
        }
      } catch (error) {
        throw new FleetError('not_done', `${entry.verb} was not done: the audit log cannot be written`, {
          where: paths.auditFile,
          reason: 'audit',
          mend: 'free some space, or mend its permissions, then try again',
          cause: error,
        })
      }
    },
  }
}
