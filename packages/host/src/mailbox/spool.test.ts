import { mkdirSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Message } from '@mosaic/domain/message'
import { spoolMessage as message, SPOOL_EPOCH_MS, spoolContract } from '@mosaic/testkit/contracts/spool-contract'
import { fullDisk } from '@mosaic/testkit/faults'
import { nodeProgram } from '@mosaic/testkit/node-program'
import { tempHome } from '@mosaic/testkit/temp-home'
import { describe, expect, it } from 'vitest'
import { resolvePaths } from '../paths.ts'
import { openSpool, SqliteSpool } from './spool.ts'

const NOW = SPOOL_EPOCH_MS

async function world() {
  const home = await tempHome()
  const paths = resolvePaths({ env: home.env })
  const spool = openSpool(paths)
  return {
    home,
    paths,
    spool,
    async [Symbol.asyncDispose]() {
      spool.close()
      await home[Symbol.asyncDispose]()
    },
  }
}

spoolContract('the spool on SQLite', (home) => openSpool(resolvePaths({ env: home.env })))

describe('the spool file', () => {
  it('is private', async () => {
    await using it = await world()
    expect(statSync(it.paths.spool).mode & 0o777).toBe(0o700)
  })

  it('is shared by processes that write at once: nothing lost, each in its order', async () => {
    await using home = await tempHome()
    const paths = resolvePaths({ env: home.env })
    // Nobody has made the file yet: they also race for that.
    const source = `import { openSpool } from ${JSON.stringify(import.meta.resolve('./spool.ts'))}
      import { resolvePaths } from ${JSON.stringify(import.meta.resolve('../paths.ts'))}
      import { messageId } from ${JSON.stringify(import.meta.resolve('@mosaic/domain/message'))}
      import { randomBytes } from 'node:crypto'
      const spool = openSpool(resolvePaths({ env: process.env }))
      const address = (session) => ({ tenant_id: 't', host: 'h', session })
      for (let index = 0; index < 40; index += 1) {
        const id = messageId(Date.now(), randomBytes(10))
        spool.store({ id, from: address(process.argv[1]), to: address('b'), text: String(index), urgent: false, createdAtMs: Date.now() })
      }
      console.log('done')`
    const names = ['w1', 'w2', 'w3', 'w4']
    const writers = names.map((name) => nodeProgram(source, { args: [name], env: home.env }))
    try {
      for (const writer of writers) await writer.said('done')
    } finally {
      for (const writer of writers) await writer.kill()
    }
    using spool = openSpool(paths)
    const pending = spool.pending('b').map((entry) => spool.message(entry.message.id) as Message)
    expect(pending).toHaveLength(160)
    for (const name of names) {
      const own = pending.filter((entry) => entry.from.session === name).map((entry) => entry.text)
      expect(own).toEqual(Array.from({ length: 40 }, (_, index) => String(index)))
    }
  })

  it('on a full disk is an error of the sender, with nothing half stored', async (context) => {
    if (process.getuid?.() !== 0) context.skip('only root can mount a small file system')
    await using disk = await fullDisk({ sizeKiB: 1_024 })
    const paths = resolvePaths({ env: { MOSAIC_HOME: disk.directory } })
    using spool = openSpool(paths)
    const first = message()
    spool.store(first)
    disk.fill()
    const refusal = expect.objectContaining({ code: 'not_done', reason: 'disk-full', mend: expect.stringContaining('space') })
    const refused = message({ text: 'x'.repeat(60_000) })
    for (let again = 0; again < 3; again += 1) expect(() => spool.store(refused)).toThrow(refusal)
    expect(spool.receipt(refused.id)).toBeUndefined()
    expect(spool.pending('b').map((entry) => entry.message.id)).toEqual([first.id])
    disk.relieve()
    expect(spool.store(refused).state).toBe('stored')
    expect(spool.apply(first.id, { event: 'claim', atMs: NOW }).state).toBe('injecting')
    using again = openSpool(paths)
    expect(again.pending('b').map((entry) => [again.message(entry.message.id), entry.state])).toEqual([
      [first, 'injecting'],
      [refused, 'stored'],
    ])
  })

  it('that cannot be made or is none is a plain error', async (context) => {
    await using home = await tempHome()
    const garbage = join(home.root, 'garbage.db')
    writeFileSync(garbage, 'this is no database'.repeat(1_000))
    expect(() => new SqliteSpool(garbage)).toThrow(expect.objectContaining({ code: 'not_done' }))
    mkdirSync(join(home.root, 'directory.db'))
    expect(() => new SqliteSpool(join(home.root, 'directory.db'))).toThrow(expect.objectContaining({ code: 'not_done' }))
    if (process.getuid?.() !== 0) context.skip('only root can mount a small file system')
    await using disk = await fullDisk()
    disk.fill()
    expect(() => openSpool(resolvePaths({ env: { MOSAIC_HOME: disk.directory } }))).toThrow(expect.objectContaining({ code: 'not_done' }))
  })

  it('can be closed twice', async () => {
    await using it = await world()
    it.spool.close()
    expect(() => it.spool[Symbol.dispose]()).not.toThrow()
  })
})
