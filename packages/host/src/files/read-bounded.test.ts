import { execFileSync } from 'node:child_process'
import { appendFileSync, chmodSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { nodeProgram } from '@mosaic/testkit/node-program'
import { tempHome } from '@mosaic/testkit/temp-home'
import { describe, expect, it } from 'vitest'
import { readBounded } from './read-bounded.ts'

describe('a bounded read', () => {
  it('gives the whole text of a small file, up to the bound and not a byte over it', async () => {
    await using home = await tempHome()
    const path = join(home.root, 'file')
    for (const text of ['', 'a', '漢字\n', 'x'.repeat(4_096)]) {
      writeFileSync(path, text)
      expect(readBounded(path, 4_096)).toMatchObject({ text, mtimeMs: expect.any(Number) })
    }
    appendFileSync(path, 'x')
    expect(readBounded(path, 4_096)).toEqual({ problem: 'too-large' })
    writeFileSync(path, '')
    expect(readBounded(path, 0)).toMatchObject({ text: '' })
  })

  it('reads files of /proc, whose size is told as 0', () => {
    expect(readBounded('/proc/self/stat', 10_000)).toMatchObject({ text: expect.stringContaining(String(process.pid)) })
    expect(readBounded('/proc/self/environ', 3)).toEqual({ problem: 'too-large' })
  })

  it('follows no link, not even to a good file, and no dangling one', async () => {
    await using home = await tempHome()
    writeFileSync(join(home.root, 'file'), 'text')
    for (const [name, target] of [
      ['link', 'file'],
      ['dangling', 'absent'],
      ['loop', 'loop'],
      ['device', '/dev/zero'],
    ] as const) {
      symlinkSync(target, join(home.root, name))
      expect(readBounded(join(home.root, name), 100)).toEqual({ problem: 'not-a-file' })
    }
  })

  it('does not wait at a FIFO, with or without a writer', async () => {
    await using home = await tempHome()
    const path = join(home.root, 'fifo')
    execFileSync('mkfifo', [path])
    expect(readBounded(path, 100)).toEqual({ problem: 'not-a-file' })
    await using writer = nodeProgram(
      `import { openSync, constants, writeSync } from 'node:fs'
       writeSync(openSync(process.argv[1], constants.O_RDWR), 'ts=now')
       console.log('written')
       setInterval(() => {}, 1000)`,
      { args: [path] },
    )
    await writer.said('written')
    expect(readBounded(path, 100)).toEqual({ problem: 'not-a-file' })
  })

  it('takes directories, devices and sockets for what they are', async () => {
    await using home = await tempHome()
    mkdirSync(join(home.root, 'directory'))
    expect(readBounded(join(home.root, 'directory'), 100)).toEqual({ problem: 'not-a-file' })
    expect(readBounded('/dev/zero', 100)).toEqual({ problem: 'not-a-file' })
    const socket = join(home.root, 'socket')
    const server = createServer()
    await new Promise<void>((resolve) => server.listen(socket, resolve))
    try {
      expect(readBounded(socket, 100)).toEqual({ problem: 'not-a-file' })
    } finally {
      server.close()
    }
  })

  it('never throws: absent, below a file, unreadable, a path that no file can have', async () => {
    await using home = await tempHome()
    const path = join(home.root, 'file')
    writeFileSync(path, 'text')
    expect(readBounded(join(home.root, 'absent'), 100)).toEqual({ problem: 'absent' })
    expect(readBounded(join(path, 'below'), 100)).toEqual({ problem: 'unreadable' })
    expect(readBounded('a\0b', 100)).toEqual({ problem: 'unreadable' })
    expect(readBounded(`/${'x'.repeat(300)}`, 100)).toEqual({ problem: 'unreadable' })
  })

  it('says unreadable of a file that this user may not read', async (context) => {
    if (process.getuid?.() === 0) {
      await using home = await tempHome()
      chmodSync(home.root, 0o755)
      const path = join(home.root, 'file')
      writeFileSync(path, 'text', { mode: 0o600 })
      await using other = nodeProgram(
        `import { readBounded } from ${JSON.stringify(import.meta.resolve('./read-bounded.ts'))}
         process.setuid(54321)
         console.log('read ' + JSON.stringify(readBounded(process.argv[1], 100)))`,
        { args: [path] },
      )
      expect(await other.said('read')).toBe('read {"problem":"unreadable"}')
    } else context.skip('only root can become a user that may not read it')
  })

  it('makes text of bytes that are none', async () => {
    await using home = await tempHome()
    const path = join(home.root, 'file')
    writeFileSync(path, Buffer.from([0xff, 0xfe, 0x00, 0x41]))
    expect(readBounded(path, 100)).toMatchObject({ text: '\ufffd\ufffd\0A' })
  })
})
