/** The text of a message from where the sender has it: an option, a file, or stdin. Bytes that are no text are refused, not mended. */

import { isUtf8 } from 'node:buffer'
import { closeSync, constants, createReadStream, fstatSync, openSync } from 'node:fs'
import { Socket } from 'node:net'
import type { Readable } from 'node:stream'
import { FleetError } from '@mosaic/domain/error'
import { MAX_MESSAGE_BYTES } from '@mosaic/domain/message-text'
import type { World } from '../world.ts'

export interface ContentOptions {
  message?: string
  file?: string
}

const usage = (message: string, mend: string): FleetError => new FleetError('invalid', message, { mend, reason: 'usage' })

/** Offset of the first byte that begins no character, in bytes. */
export function invalidByteAt(bytes: Uint8Array): number {
  const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
  let good = 0
  try {
    for (let at = 0; at < bytes.length; at += 1) {
      if (decoder.decode(bytes.subarray(at, at + 1), { stream: true }) !== '') good = at + 1
    }
  } catch {
    // The character that began at `good` never ends.
  }
  return good
}

/** @throws FleetError `invalid` with the place of the first bad byte */
export function textOf(bytes: Buffer, from: string): string {
  if (isUtf8(bytes)) return bytes.toString('utf8')
  throw new FleetError('invalid', `${from} is not text: byte ${invalidByteAt(bytes)} is not UTF-8`, {
    reason: 'not-text',
    mend: 'send text, or write the data to a file and send its path',
  })
}

/** Reads one byte more than may be sent, so that a larger source is refused without being read whole. */
async function readBounded(source: Readable, from: string): Promise<Buffer> {
  const chunks: Buffer[] = []
  let length = 0
  for await (const chunk of source) {
    const bytes = Buffer.from(chunk as Buffer | string)
    chunks.push(bytes)
    length += bytes.length
    if (length > MAX_MESSAGE_BYTES) {
      throw new FleetError('invalid', `${from} has more than ${MAX_MESSAGE_BYTES} bytes, and no more are delivered`, {
        reason: 'too-large',
        mend: 'write it to a file and send its path',
      })
    }
  }
  return Buffer.concat(chunks)
}

/** A pipe that nobody writes to, or that does not end, is not waited for longer, milliseconds. */
const PIPE_WITHIN_MS = 30_000

const unreadable = (path: string, why: string): FleetError =>
  new FleetError('invalid', `no message in ${JSON.stringify(path)}: ${why}`, {
    reason: 'usage',
    mend: 'give the path of a text file, or - for stdin',
  })

const OPENING: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file',
  EISDIR: 'it is a directory',
  ENXIO: 'it is a socket or a device, and no file',
}

/** The source of the bytes: a file, or a pipe such as that of `<(command)`. Opening a pipe does not wait for its writer. */
function openSource(path: string): Readable {
  const fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK)
  const stat = fstatSync(fd)
  if (stat.isFile()) return createReadStream(path, { fd, end: MAX_MESSAGE_BYTES })
  if (stat.isFIFO()) return new Socket({ fd, readable: true, writable: false })
  closeSync(fd)
  throw unreadable(path, stat.isDirectory() ? 'it is a directory' : 'it is a device, and no file')
}

/** @throws FleetError `invalid` when it is not there, no text, no file, or a pipe that does not end */
export async function fileContent(path: string, pipeWithinMs = PIPE_WITHIN_MS): Promise<string> {
  let source: Readable | undefined
  let timer: NodeJS.Timeout | undefined
  try {
    const opened = openSource(path)
    source = opened
    if (opened instanceof Socket) {
      const seconds = pipeWithinMs / 1000
      timer = setTimeout(() => opened.destroy(unreadable(path, `it is a pipe, and did not end within ${seconds} s`)), pipeWithinMs)
    }
    const bytes = await readBounded(opened, path)
    if (opened instanceof Socket && bytes.length === 0) throw unreadable(path, 'it is a pipe, and nobody writes to it')
    return textOf(bytes, path)
  } catch (error) {
    if (error instanceof FleetError) throw error
    const { code = '' } = error as NodeJS.ErrnoException
    throw unreadable(path, OPENING[code] ?? `it cannot be read (${code})`)
  } finally {
    clearTimeout(timer)
    source?.destroy()
  }
}

/**
 * What is to be sent, as given.
 * @param operand what follows the name: nothing, or `-` for stdin
 * @throws FleetError `invalid` when there is none, more than one, or no text
 */
export async function readContent(world: World, options: ContentOptions, operand: string | undefined): Promise<string> {
  if (operand !== undefined && operand !== '-') {
    throw usage(
      `the text of a message stands behind --message, not alone: ${JSON.stringify(operand.slice(0, 60))}`,
      'mosaic agent send NAME --message "..."',
    )
  }
  const given = [options.message !== undefined, options.file !== undefined, operand === '-'].filter(Boolean).length
  if (given > 1) throw usage('a message has one source: --message, --file or stdin', 'leave one of them')
  if (options.message !== undefined) return options.message
  if (options.file !== undefined && options.file !== '-') return fileContent(options.file)
  if (operand !== '-' && options.file !== '-' && world.stdin.isTTY === true) {
    throw usage('there is no message', 'give --message "...", --file FILE, or text on stdin')
  }
  return textOf(await readBounded(world.stdin, 'stdin'), 'stdin')
}
