import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { FleetError } from '@mosaic/domain/error'
import { killNine } from '@mosaic/testkit/faults'
import { nodeProgram } from '@mosaic/testkit/node-program'
import { tempHome } from '@mosaic/testkit/temp-home'
import { until } from '@mosaic/testkit/until'
import { describe, expect, it } from 'vitest'
import { FileLock } from './lock.ts'

const IMPORT = `import { FileLock } from ${JSON.stringify(import.meta.resolve('./lock.ts'))}`

/** Takes the lock at its first argument, says so, and keeps it; `go` on its stdin makes it end by itself. */
const HOLD = `${IMPORT}
  import { once } from 'node:events'
  const lock = FileLock.tryAcquire(process.argv[1])
  console.log(lock === undefined ? 'refused' : 'held')
  await once(process.stdin, 'data')
  lock?.[Symbol.dispose]()
  console.log('released')
  process.stdin.destroy()`

describe('a file lock', () => {
  it('is held by one process at a time, and free again when it is given back', async () => {
    await using home = await tempHome()
    const path = join(home.root, 'lock')
    await using holder = nodeProgram(HOLD, { args: [path] })
    await holder.said('held')
    expect(FileLock.tryAcquire(path)).toBeUndefined()
    await using second = nodeProgram(HOLD, { args: [path] })
    await second.said('refused')
    holder.tell('go')
    await holder.said('released')
    using lock = FileLock.tryAcquire(path)
    expect(lock).toBeDefined()
  })

  it('is exclusive within one process as well', async () => {
    await using home = await tempHome()
    const path = join(home.root, 'lock')
    const first = FileLock.tryAcquire(path)
    expect(first).toBeDefined()
    expect(FileLock.tryAcquire(path)).toBeUndefined()
    // What failed to take it has not loosened it for others.
    await using other = nodeProgram(HOLD, { args: [path] })
    await other.said('refused')
    first?.[Symbol.dispose]()
    using again = FileLock.tryAcquire(path)
    expect(again).toBeDefined()
  })

  it('is free at once after kill -9 of its holder, with no stale file to judge', async () => {
    await using home = await tempHome()
    const path = join(home.root, 'lock')
    await using holder = nodeProgram(HOLD, { args: [path] })
    await holder.said('held')
    await holder.kill()
    using lock = FileLock.tryAcquire(path)
    expect(lock).toBeDefined()
    expect(readdirSync(home.root).filter((name) => name.startsWith('lock'))).toEqual(['lock'])
  })

  it('does not live on in a child of its holder', async () => {
    await using home = await tempHome()
    const path = join(home.root, 'lock')
    await using holder = nodeProgram(
      `${IMPORT}
       import { spawn } from 'node:child_process'
       const lock = FileLock.tryAcquire(process.argv[1])
       const child = spawn('sleep', ['300'], { detached: true, stdio: 'ignore' })
       console.log('child ' + child.pid)
       setInterval(() => lock, 1000)`,
      { args: [path] },
    )
    const child = Number((await holder.said('child')).split(' ')[1])
    try {
      expect(FileLock.tryAcquire(path)).toBeUndefined()
      await holder.kill()
      using lock = FileLock.tryAcquire(path)
      expect(lock).toBeDefined()
    } finally {
      killNine(child)
    }
  })

  it('is waited for', async () => {
    await using home = await tempHome()
    const path = join(home.root, 'lock')
    await using holder = nodeProgram(HOLD, { args: [path] })
    await holder.said('held')
    const acquiring = FileLock.acquire(path, 20_000, 'the thing')
    holder.tell('go')
    using lock = await acquiring
    expect(lock).toBeInstanceOf(FileLock)
  })

  it('says what is locked when waiting was in vain', async () => {
    await using home = await tempHome()
    const path = join(home.root, 'lock')
    using _ = FileLock.tryAcquire(path) as FileLock
    const failure = await FileLock.acquire(path, 30, 'the roster').catch((error: unknown) => error)
    expect(failure).toBeInstanceOf(FleetError)
    expect(failure).toMatchObject({ code: 'not_done', message: expect.stringContaining('the roster is locked') })
  })

  it('is never held by two of many that want it', async () => {
    await using home = await tempHome()
    const path = join(home.root, 'lock')
    const inside = join(home.root, 'inside')
    // Each round fails when the file that marks the inside is there already.
    const source = `${IMPORT}
      import { rmSync, writeFileSync } from 'node:fs'
      for (let round = 0; round < 40; round += 1) {
        const lock = await FileLock.acquire(process.argv[1], 60_000, 'it')
        writeFileSync(process.argv[2], '', { flag: 'wx' })
        rmSync(process.argv[2])
        lock[Symbol.dispose]()
      }
      console.log('done')`
    const programs = [1, 2, 3, 4].map(() => nodeProgram(source, { args: [path, inside] }))
    try {
      for (const program of programs) expect(await program.said('done')).toBe('done')
      expect(existsSync(inside)).toBe(false)
    } finally {
      for (const program of programs) await program.kill()
    }
  })

  it('is refused at once, with how to mend it, where no lock file stands', async () => {
    await using home = await tempHome()
    const at = (name: string) => join(home.root, name)
    execFileSync('mkfifo', [at('fifo')])
    mkdirSync(at('directory'))
    symlinkSync('target', at('link'))
    writeFileSync(at('garbage'), 'x'.repeat(5_000))
    for (const name of ['fifo', 'directory', 'link', 'garbage']) {
      const refusal = expect.objectContaining({ code: 'not_done', where: at(name), mend: expect.stringContaining(`mv ${at(name)}`) })
      expect(() => FileLock.tryAcquire(at(name)), name).toThrow(refusal)
    }
    expect(existsSync(at('target'))).toBe(false)
  })

  it('throws, and holds nothing, where it cannot be made', async () => {
    await using home = await tempHome()
    expect(() => FileLock.tryAcquire(join(home.root, 'absent', 'lock'))).toThrow()
    const path = join(home.root, 'garbage')
    writeFileSync(path, 'x'.repeat(5_000))
    expect(() => FileLock.tryAcquire(path)).toThrow()
    await until(() => existsSync(path), { what: 'the file, left alone' })
  })
})
