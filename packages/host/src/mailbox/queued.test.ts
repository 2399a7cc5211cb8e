import { mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { messageId } from '@mosaic/domain/message'
import { nodeProgram } from '@mosaic/testkit/node-program'
import { tempHome } from '@mosaic/testkit/temp-home'
import { describe, expect, it } from 'vitest'
import { resolvePaths } from '../paths.ts'
import { queuedOnDisk } from './queued.ts'
import { openSpool, type SqliteSpool } from './spool.ts'

const address = (session: string) => ({ tenant_id: 't', host: 'h', session })
const NOW = Date.UTC(2026, 0, 2)

function store(spool: SqliteSpool, to: string, number: number): string {
  const id = messageId(NOW, new Uint8Array([0, 0, 0, 0, 0, 0, 0, 0, 0, number]))
  spool.store({ id, from: address('a'), to: address(to), text: 'x', urgent: false, createdAtMs: NOW, deadlineAtMs: undefined })
  return id
}

async function place() {
  const home = await tempHome()
  const paths = resolvePaths({ env: home.env })
  return { home, paths, files: () => readdirSync(paths.spool).sort(), [Symbol.asyncDispose]: () => home[Symbol.asyncDispose]() }
}

describe('what waits, seen without the host service', () => {
  it('is nothing where there is no spool, and none is made', async () => {
    await using it = await place()
    expect(queuedOnDisk(it.paths).size).toBe(0)
    expect(() => it.files()).toThrow()
    mkdirSync(it.paths.spool, { recursive: true })
    for (const content of ['', 'no database']) {
      writeFileSync(join(it.paths.spool, 'spool.db'), content)
      expect(queuedOnDisk(it.paths).size).toBe(0)
    }
    expect(it.files()).toEqual(['spool.db'])
  })

  it('is counted per receiver, and no file is made', async () => {
    await using it = await place()
    {
      using spool = openSpool(it.paths)
      for (const number of [1, 2]) store(spool, 'b', number)
      spool.apply(store(spool, 'c', 3), { event: 'expire', atMs: NOW })
    }
    const before = it.files()
    expect(queuedOnDisk(it.paths)).toEqual(new Map([['b', 2]]))
    expect(it.files()).toEqual(before)
  })

  it('is counted while somebody writes, who is not held up', async () => {
    await using it = await place()
    using spool = openSpool(it.paths)
    store(spool, 'b', 1)
    expect(queuedOnDisk(it.paths).get('b')).toBe(1)
    store(spool, 'b', 2)
    expect(queuedOnDisk(it.paths).get('b')).toBe(2)
  })

  it('is counted after a host service that was killed', async () => {
    await using it = await place()
    const source = `import { openSpool } from ${JSON.stringify(import.meta.resolve('./spool.ts'))}
      import { resolvePaths } from ${JSON.stringify(import.meta.resolve('../paths.ts'))}
      const spool = openSpool(resolvePaths({ env: process.env }))
      const address = (session) => ({ tenant_id: 't', host: 'h', session })
      spool.store({ id: 'x', from: address('a'), to: address('b'), text: 'x', urgent: false, createdAtMs: 1 })
      console.log('done')
      setInterval(() => {}, 1000)`
    await using writer = nodeProgram(source, { env: it.home.env })
    await writer.said('done')
    await writer.kill()
    const before = it.files()
    expect(queuedOnDisk(it.paths)).toEqual(new Map([['b', 1]]))
    expect(it.files()).toEqual(before)
  })
})
