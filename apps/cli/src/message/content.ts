/** The text of a message from where the sender has it: an option, a file, or stdin. Bytes that are no text are refused, not mended. */

import { isUtf8 } from 'node:buffer'
import { createReadStream } from 'node:fs'
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

async function fileContent(path: string): Promise<string> {
  const stream = createReadStream(path, { end: MAX_MESSAGE_BYTES })
  try {
    return textOf(await readBounded(stream, path), path)
  } catch (error) {
    if (error instanceof FleetError) throw error
    const { code } = error as NodeJS.ErrnoException
    const why = code === 'ENOENT' ? 'there is no such file' : code === 'EISDIR' ? 'it is a directory' : `it cannot be read (${code})`
    throw new FleetError('invalid', `no message in ${JSON.stringify(path)}: ${why}`, {
      reason: 'usage',
      mend: 'give the path of a text file, or - for stdin',
    })
  } finally {
    stream.destroy()
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
