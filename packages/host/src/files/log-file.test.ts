import { execFileSync } from 'node:child_process'
import { closeSync, existsSync, mkdirSync, readFileSync, statSync, symlinkSync, writeFileSync, writeSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { nodeProgram } from '@mosaic/testkit/node-program'
import { tempHome } from '@mosaic/testkit/temp-home'
import { describe, expect, it } from 'vitest'
import { openLogFile, rotateLogFile } from './log-file.ts'

const refusal = (path: string) => expect.objectContaining({ code: 'not_done', where: path, mend: expect.stringContaining(`mv ${path}`) })

describe('a log file', () => {
  it('is made private and appended to', async () => {
    await using home = await tempHome()
    const path = join(home.root, 'log')
    for (const text of ['a', 'b']) {
      const fd = openLogFile(path)
      writeSync(fd, text)
      closeSync(fd)
    }
    expect(readFileSync(path, 'utf8')).toBe('ab')
    expect(statSync(path).mode & 0o777).toBe(0o600)
  })

  it('is refused at once, with how to mend it, where a FIFO, link, directory or socket stands', async () => {
    await using home = await tempHome()
    const at = (name: string) => join(home.root, name)
    execFileSync('mkfifo', [at('fifo'), at('read')])
    await using reader = nodeProgram(
      `import { constants, openSync } from 'node:fs'
       openSync(process.argv[1], constants.O_RDWR)
       console.log('reads')
       setInterval(() => {}, 1000)`,
      { args: [at('read')] },
    )
    await reader.said('reads')
    mkdirSync(at('directory'))
    writeFileSync(at('target'), '')
    symlinkSync('target', at('link'))
    const server = createServer()
    await new Promise<void>((resolve) => server.listen(at('socket'), resolve))
    try {
      for (const name of ['fifo', 'read', 'directory', 'link', 'socket']) {
        expect(() => openLogFile(at(name)), name).toThrow(refusal(at(name)))
        expect(() => rotateLogFile(at(name), 0), name).not.toThrow()
        expect(existsSync(at(name)), name).toBe(true)
      }
    } finally {
      server.close()
    }
    expect(readFileSync(at('target'), 'utf8')).toBe('')
  })

  it('that has grown is moved away, and goes on growing where that cannot be', async () => {
    await using home = await tempHome()
    const path = join(home.root, 'log')
    writeFileSync(path, 'x'.repeat(10))
    rotateLogFile(path, 10)
    expect(existsSync(path)).toBe(true)
    rotateLogFile(path, 9)
    expect([existsSync(path), statSync(`${path}.1`).size]).toEqual([false, 10])
    const stuck = join(home.root, 'stuck')
    writeFileSync(stuck, 'x')
    mkdirSync(join(`${stuck}.1`, 'deep'), { recursive: true })
    rotateLogFile(stuck, 0)
    expect(readFileSync(stuck, 'utf8')).toBe('x')
  })
})
