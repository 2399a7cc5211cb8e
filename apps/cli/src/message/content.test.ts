import { execFileSync } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { open } from 'node:fs/promises'
import { join } from 'node:path'
import { MAX_MESSAGE_BYTES } from '@mosaic/domain/message-text'
import { describe, expect, test } from 'vitest'
import { EXIT } from '../exit-codes.ts'
import { TemporaryHome } from '../test-run.ts'
import { fileContent, invalidByteAt } from './content.ts'

/** Sends to an agent of a roster whose fleet does not run: stored, and never delivered. */
async function send(home: TemporaryHome, argv: readonly string[], stdin?: string | Buffer) {
  await home.run(['fleet', 'init', '--write'])
  const result = await home.run(['agent', 'send', 'orchestrator', '--json', ...argv], stdin === undefined ? {} : { stdin })
  const { bytes, error } = JSON.parse(result.stdout) as { bytes?: number; error?: { message: string; reason: string } }
  return { status: result.status, bytes, error }
}

describe('a message is taken', () => {
  test.each([
    ['from --message', ['--message', 'hello'], undefined, 5],
    ['with a leading dash', ['--message', '-rf /'], undefined, 5],
    ['that is an option elsewhere', ['--message', '--json'], undefined, 6],
    ['behind an equals sign', ['--message=--verify'], undefined, 8],
    ['from stdin', [], 'hello\n', 6],
    ['from stdin by a dash', ['-'], 'hello', 5],
    ['from stdin as a file', ['--file', '-'], 'hello', 5],
    ['of exactly the largest size', [], 'x'.repeat(MAX_MESSAGE_BYTES), MAX_MESSAGE_BYTES],
    ['with a byte order mark', [], '\ufeffhello', 8],
  ])('%s', async (_, argv, stdin, bytes) => {
    using home = new TemporaryHome()
    expect(await send(home, argv, stdin)).toEqual({ status: EXIT.done, bytes, error: undefined })
  })

  test('from a file', async () => {
    using home = new TemporaryHome()
    const file = join(home.path, 'brief.md')
    writeFileSync(file, 'Grüße 🤖\n')
    expect(await send(home, ['--file', file])).toMatchObject({ status: EXIT.done, bytes: 13 })
  })
})

describe('a pipe as a file', () => {
  test('is read to its end, however slowly it is written', async () => {
    using home = new TemporaryHome()
    const pipe = join(home.path, 'pipe')
    execFileSync('mkfifo', [pipe])
    const sent = send(home, ['--file', pipe])
    const writer = await open(pipe, 'w')
    await writer.write('first, ')
    await writer.write('second')
    await writer.close()
    expect(await sent).toMatchObject({ status: EXIT.done, bytes: 13 })
  })

  test('that nobody writes to is not waited for without end', async () => {
    using home = new TemporaryHome()
    const pipe = join(home.path, 'pipe')
    execFileSync('mkfifo', [pipe])
    await expect(fileContent(pipe, 10)).rejects.toThrow('it is a pipe, and did not end within 0.01 s')
  })
})

describe('a message is refused as usage', () => {
  test.each([
    ['when it is empty', ['--message', ''], undefined, 'empty'],
    ['when stdin is empty', [], '', 'empty'],
    ['with two sources', ['--message', 'x', '--file', 'y'], undefined, 'one source'],
    ['with --message and stdin by a dash', ['--message', 'x', '-'], 'y', 'one source'],
    ['when it stands alone', ['hello'], undefined, 'behind --message'],
    ['in a file that is not there', ['--file', '/nonexistent/x'], undefined, 'there is no such file'],
    ['in a device', ['--file', '/dev/zero'], undefined, 'it is a device'],
    ['in a directory', ['--file', '/'], undefined, 'it is a directory'],
    ['when it is one byte too large', [], 'x'.repeat(MAX_MESSAGE_BYTES + 1), 'more than 65536 bytes'],
    ['when --message is too large', ['--message', 'x'.repeat(MAX_MESSAGE_BYTES + 1)], undefined, 'at most 65536'],
    ['with a label that could not be answered', ['--message', 'x', '--source-label', 'a:b'], undefined, '--source-label'],
    ['with an id that is none', ['--message', 'x', '--id', '123'], undefined, 'not a message id'],
    ['with a time that is none', ['--message', 'x', '--verify', '--verify-timeout', '-1'], undefined, '--verify-timeout'],
  ])('%s', async (_, argv, stdin, words) => {
    using home = new TemporaryHome()
    const { status, error } = await send(home, argv, stdin)
    expect(status).toBe(EXIT.usage)
    expect(error?.message).toContain(words)
  })

  test('when it is not UTF-8, with the place of the first bad byte', async () => {
    using home = new TemporaryHome()
    const { status, error } = await send(home, [], Buffer.from([0x61, 0xc3, 0xa4, 0xe2, 0x28, 0x61]))
    expect(status).toBe(EXIT.usage)
    expect(error).toMatchObject({ message: 'stdin is not text: byte 3 is not UTF-8', reason: 'not-text' })
  })

  test('on a terminal, instead of waiting for somebody to type', async () => {
    using home = new TemporaryHome()
    const { status, stderr } = await home.run(['agent', 'send', 'orchestrator'], { terminal: { columns: 80, rows: 24 } })
    expect(status).toBe(EXIT.usage)
    expect(stderr).toContain('give --message')
  })

  test('in a source that never ends', async () => {
    using home = new TemporaryHome()
    mkdirSync(join(home.path, 'fleet'), { recursive: true })
    expect(await send(home, ['--file', '/dev/zero'])).toMatchObject({ status: EXIT.usage })
  })
})

test.each([
  [[0xff], 0],
  [[0x61, 0x80], 1],
  [[0xc3, 0xa4, 0xed, 0xa0, 0x80], 2],
  [[0x61, 0xf0, 0x9f, 0x98], 1],
  [[0xef, 0xbb, 0xbf, 0xc0, 0x80], 3],
])('in %j the first bad byte is %i', (bytes, at) => {
  expect(invalidByteAt(Uint8Array.from(bytes))).toBe(at)
})
