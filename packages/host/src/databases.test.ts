import { execFileSync } from 'node:child_process'
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { dirname } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { spoolMessage as message } from '@mosaic/testkit/contracts/spool-contract'
import { fullDisk } from '@mosaic/testkit/faults'
import { nodeProgram } from '@mosaic/testkit/node-program'
import { tempHome } from '@mosaic/testkit/temp-home'
import { describe, expect, it } from 'vitest'
import { setAsideNote, setBrokenAside, tenantDatabases } from './databases.ts'
import { lookAtDatabase } from './files/database.ts'
import { foundSetAside, setAside } from './files/set-aside.ts'
import { makeDirectories } from './files/tenant-directories.ts'
import { openSpool } from './mailbox/spool.ts'
import { resolvePaths } from './paths.ts'
import { UsageLedger } from './usage-ledger.ts'

const NOW = Date.UTC(2026, 0, 2, 15, 4, 5, 678)

/** A home with both databases, each as `spoil` leaves it. */
async function world(spoil: (file: string) => void = () => {}) {
  const home = await tempHome()
  const paths = resolvePaths({ env: home.env })
  makeDirectories(paths)
  using spool = openSpool(paths)
  const stored = Array.from({ length: 40 }, (_, index) => message({ text: `${index}${'x'.repeat(4_000)}` }))
  for (const one of stored) spool.store(one)
  spool.close()
  new UsageLedger(paths)[Symbol.dispose]()
  const specs = tenantDatabases(paths)
  for (const { file } of specs) spoil(file)
  const said: string[] = []
  return {
    home,
    paths,
    specs,
    said,
    stored,
    mend: () => setBrokenAside(paths, NOW, (text) => said.push(text)),
    open() {
      using _ledger = new UsageLedger(paths)
      using opened = openSpool(paths)
      return opened.pending('b').length
    },
    [Symbol.asyncDispose]: () => home[Symbol.asyncDispose](),
  }
}

const remove = (file: string) => execFileSync('rm', ['-r', file])
const replacedBy = (make: (file: string) => void) => (file: string) => {
  remove(file)
  make(file)
}
const withSql = (sql: string) => (file: string) => {
  using database = new DatabaseSync(file)
  database.exec(sql)
}

const SPOILT: readonly [string, (file: string) => void][] = [
  ['garbage', (file) => writeFileSync(file, 'this is no database'.repeat(1_000))],
  ['a word', (file) => writeFileSync(file, 'x')],
  ['cut off', (file) => truncateSync(file, Math.floor(statSync(file).size / 2) + 100)],
  [
    'overwritten in the middle',
    (file) => {
      const bytes = readFileSync(file)
      bytes.fill(0x5a, 4_096, bytes.length)
      writeFileSync(file, bytes)
    },
  ],
  ['empty, with its last writes beside it', (file) => [truncateSync(file), writeFileSync(`${file}-wal`, 'w'.repeat(100))]],
  ['a directory with something in it', replacedBy((file) => mkdirSync(`${file}/deep`, { recursive: true }))],
  ['a FIFO', replacedBy((file) => execFileSync('mkfifo', [file]))],
  ['a link to a good one', (file) => [execFileSync('mv', [file, `${file}.elsewhere`]), symlinkSync(`${file}.elsewhere`, file)]],
  ['a link to nothing', replacedBy((file) => symlinkSync('/nonexistent/db', file))],
  ['one with a directory in the place of its log', (file) => mkdirSync(`${file}-wal`)],
  ['of a later version', withSql('PRAGMA user_version = 7')],
  [
    'of another schema',
    replacedBy((file) => withSql('CREATE TABLE message (id TEXT); CREATE TABLE usage (key TEXT); INSERT INTO message VALUES (1)')(file)),
  ],
]

describe('a database that is', () => {
  it.each(SPOILT)('%s is set aside whole and told of, and a new one serves in its place', async (_, spoil) => {
    await using it = await world(spoil)
    const before = it.specs.map(({ file }) => lstatSync(file).ino)
    it.mend()
    const aside = it.specs.map(({ file }) => `${file}.bad-20260102T150405Z`)
    expect(aside.map((file) => lstatSync(file).ino)).toEqual(before)
    expect(it.said).toHaveLength(2)
    for (const [index, line] of it.said.entries()) expect(line).toContain(`set aside as ${aside[index]}`)
    expect(setAsideNote(it.paths)).toContain('the spool and the usage ledger')
    expect(it.open()).toBe(0)
    it.mend()
    expect(it.said).toHaveLength(2)
  })

  // What single pages lack is found by reading it through.
  it.each(SPOILT.filter(([name]) => name !== 'overwritten in the middle'))(
    '%s is refused by one who may not set it aside, and left as it is',
    async (_, spoil) => {
      await using it = await world(spoil)
      const before = readdirSync(it.paths.spool)
      expect(() => openSpool(it.paths)).toThrow(
        expect.objectContaining({ name: 'FleetError', code: 'not_done', mend: 'mosaic fleet doctor' }),
      )
      expect(readdirSync(it.paths.spool)).toEqual(before)
    },
  )

  it.each<[string, (file: string) => void]>([
    ['sound', () => {}],
    ['absent', (file) => remove(file)],
    ['empty', (file) => truncateSync(file)],
    ['without a table yet', replacedBy((file) => withSql('PRAGMA journal_mode=WAL')(file))],
  ])('%s is left as it is', async (_, leave) => {
    await using it = await world(leave)
    const before = it.specs.map(({ file }) => [file, existsSync(file) && readFileSync(file).toString('hex')])
    it.mend()
    expect(it.said).toEqual([])
    expect(setAsideNote(it.paths)).toBeNull()
    expect(it.specs.map(({ file }) => [file, existsSync(file) && readFileSync(file).toString('hex')])).toEqual(before)
    expect(() => it.open()).not.toThrow()
  })
})

describe('what a killed writer left', () => {
  it('is read from the log beside the database, and no reason to set anything aside', async () => {
    await using it = await world()
    const source = `import { openSpool } from ${JSON.stringify(import.meta.resolve('./mailbox/spool.ts'))}
      import { resolvePaths } from ${JSON.stringify(import.meta.resolve('./paths.ts'))}
      const spool = openSpool(resolvePaths({ env: process.env }))
      spool.store(JSON.parse(process.argv[1]))
      console.log('stored')
      setInterval(() => spool, 1000)`
    await using writer = nodeProgram(source, { args: [JSON.stringify(message({ text: 'last' }))], env: it.home.env })
    await writer.said('stored')
    it.mend()
    await writer.kill()
    const spool = `${it.paths.spool}/spool.db`
    expect(statSync(`${spool}-wal`).size).toBeGreaterThan(0)
    it.mend()
    expect(it.said).toEqual([])
    expect(it.open()).toBe(41)
  })

  it('goes aside with its database, under names that belong together', async () => {
    await using it = await world()
    const file = `${it.paths.spool}/spool.db`
    for (const suffix of ['-wal', '-shm']) writeFileSync(`${file}${suffix}`, suffix)
    writeFileSync(file, 'garbage'.repeat(1_000))
    it.mend()
    expect(readdirSync(dirname(file)).sort()).toEqual(['', '-shm', '-wal'].map((suffix) => `spool.db.bad-20260102T150405Z${suffix}`))
    expect(foundSetAside(file)).toEqual([`${file}.bad-20260102T150405Z`])
  })
})

it('a second one of the same second is set aside beside the first', async () => {
  await using home = await tempHome()
  const file = `${home.root}/file`
  for (const text of ['first', 'second']) {
    writeFileSync(file, text)
    setAside(file, NOW)
  }
  expect(foundSetAside(file).map((name) => readFileSync(name, 'utf8'))).toEqual(['first', 'second'])
})

describe('a machine that is not fit', () => {
  it('with a full disk is told of, and the databases stay where they are', async (context) => {
    if (process.getuid?.() !== 0) context.skip('only root can mount a small file system')
    await using disk = await fullDisk({ sizeKiB: 1_024 })
    const paths = resolvePaths({ env: { MOSAIC_HOME: disk.directory } })
    makeDirectories(paths)
    openSpool(paths).close()
    new UsageLedger(paths)[Symbol.dispose]()
    disk.fill()
    const said: string[] = []
    setBrokenAside(paths, NOW, (text) => said.push(text))
    expect(said).toEqual([])
    for (const { file } of tenantDatabases(paths)) expect([existsSync(file), foundSetAside(file)]).toEqual([true, []])
    disk.relieve()
    for (const { file } of tenantDatabases(paths)) remove(file)
    disk.fill()
    expect(() => new UsageLedger(paths)).toThrow(expect.objectContaining({ code: 'not_done', reason: 'disk-full' }))
  })

  it('without permission is told of as that, and nothing is set aside', async (context) => {
    if (process.getuid?.() !== 0) context.skip('only root can become a user that may not read it')
    await using it = await world()
    for (const path of [it.home.root, it.home.mosaicHome, it.paths.fleet, it.paths.spool]) chmodSync(path, 0o755)
    chmodSync(it.specs[0]?.file ?? '', 0o600)
    await using other = nodeProgram(
      `import { setBrokenAside } from ${JSON.stringify(import.meta.resolve('./databases.ts'))}
       import { openSpool } from ${JSON.stringify(import.meta.resolve('./mailbox/spool.ts'))}
       import { resolvePaths } from ${JSON.stringify(import.meta.resolve('./paths.ts'))}
       process.setuid(54321)
       const paths = resolvePaths({ env: process.env })
       setBrokenAside(paths, 0, (text) => console.log('failed ' + text))
       try { openSpool(paths) } catch ({ code, message }) { console.log('failed ' + code + ' ' + message) }`,
      { env: it.home.env },
    )
    expect(await other.said('failed')).toMatch(/^failed not_done the spool cannot be opened: permission denied/)
    expect(existsSync(it.specs[0]?.file ?? '')).toBe(true)
  })
})

it('looking changes nothing and leaves nothing beside the database', async () => {
  await using it = await world()
  const names = () => readdirSync(it.paths.spool)
  const before = names()
  for (const spec of it.specs) expect(lookAtDatabase(spec, { mayRecover: false })).toEqual({ fault: undefined, checked: true })
  expect(names()).toEqual(before)
})
