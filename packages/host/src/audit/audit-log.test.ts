import { execFileSync } from 'node:child_process'
import { mkdirSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { FleetError } from '@mosaic/domain/error'
import type { AuditRecord } from '@mosaic/domain/ports/audit'
import { fullDisk } from '@mosaic/testkit/faults'
import { nodeProgram } from '@mosaic/testkit/node-program'
import { tempHome } from '@mosaic/testkit/temp-home'
import { describe, expect, it } from 'vitest'
import { type MosaicPaths, resolvePaths } from '../paths.ts'
import { openAudit } from './audit-log.ts'

const entry = (ref: string, detail: Record<string, unknown> = {}): AuditRecord => ({
  atMs: Date.UTC(2026, 0, 2),
  tenant_id: 't',
  host: 'h',
  actor: 'h:operator',
  verb: 'send',
  agent: 'coder0',
  ref,
  detail,
})

const linesOf = (paths: MosaicPaths): string[] => readFileSync(paths.auditFile, 'utf8').split('\n').filter(Boolean)

/** References of the lines that are whole records. */
const refsOf = (paths: MosaicPaths): string[] =>
  linesOf(paths).flatMap((line) => {
    try {
      return [(JSON.parse(line) as { ref: string }).ref]
    } catch {
      return []
    }
  })

describe('the audit log', () => {
  it('holds one line per act with who, what, whom and when', async () => {
    await using home = await tempHome()
    const paths = resolvePaths({ env: home.env })
    const audit = openAudit(paths)
    audit.record(entry('m1', { text: 'a\nb\u2028c', bytes: 3 }))
    audit.record(entry('m2'))
    expect(linesOf(paths)).toHaveLength(2)
    expect(JSON.parse(linesOf(paths)[0] ?? '')).toEqual({
      at: '2026-01-02T00:00:00.000Z',
      tenant_id: 't',
      host: 'h',
      actor: 'h:operator',
      verb: 'send',
      agent: 'coder0',
      ref: 'm1',
      detail: { text: 'a\nb\u2028c', bytes: 3 },
    })
    expect(statSync(paths.auditFile).mode & 0o777).toBe(0o600)
    expect(statSync(dirname(paths.auditFile)).mode & 0o777).toBe(0o700)
  })

  it('goes on in a new file when somebody took the old one away', async () => {
    await using home = await tempHome()
    const paths = resolvePaths({ env: home.env })
    const audit = openAudit(paths)
    audit.record(entry('m1'))
    rmSync(paths.auditFile)
    audit.record(entry('m2'))
    expect(refsOf(paths)).toEqual(['m2'])
  })

  it('keeps the lines of several writers apart', async () => {
    await using home = await tempHome()
    const paths = resolvePaths({ env: home.env })
    const source = `import { openAudit } from ${JSON.stringify(import.meta.resolve('./audit-log.ts'))}
      import { resolvePaths } from ${JSON.stringify(import.meta.resolve('../paths.ts'))}
      const audit = openAudit(resolvePaths({ env: process.env }))
      const entry = ${JSON.stringify(entry('-', { padding: 'x'.repeat(9_000) }))}
      for (let index = 0; index < 50; index += 1) audit.record({ ...entry, ref: process.argv[1] + index })
      console.log('done')`
    const writers = ['a', 'b', 'c'].map((name) => nodeProgram(source, { args: [name], env: home.env }))
    try {
      for (const writer of writers) await writer.said('done')
    } finally {
      for (const writer of writers) await writer.kill()
    }
    const refs = refsOf(paths)
    expect(refs).toHaveLength(150)
    for (const name of ['a', 'b', 'c']) {
      const own = refs.filter((ref) => ref.startsWith(name))
      expect(own).toEqual(Array.from({ length: 50 }, (_, index) => `${name}${index}`))
    }
  })

  it('refuses to go through a link, into a directory or into a FIFO, without waiting', async () => {
    await using home = await tempHome()
    const paths = resolvePaths({ env: home.env })
    mkdirSync(paths.fleet, { recursive: true })
    const target = join(home.root, 'target')
    writeFileSync(target, '')
    const record = () => openAudit(paths).record(entry('m1'))
    const refusal = expect.objectContaining({ code: 'not_done', reason: 'audit' })
    symlinkSync(target, paths.auditFile)
    expect(record).toThrow(refusal)
    expect(readFileSync(target, 'utf8')).toBe('')
    rmSync(paths.auditFile)
    mkdirSync(paths.auditFile)
    expect(record).toThrow(refusal)
    rmSync(paths.auditFile, { recursive: true })
    execFileSync('mkfifo', [paths.auditFile])
    // In a process of its own, which may be killed when it waits.
    await using program = nodeProgram(
      `import { openAudit } from ${JSON.stringify(import.meta.resolve('./audit-log.ts'))}
       import { resolvePaths } from ${JSON.stringify(import.meta.resolve('../paths.ts'))}
       try { openAudit(resolvePaths({ env: process.env })).record(${JSON.stringify(entry('m1'))}) } catch (error) { console.log('threw ' + error.reason) }`,
      { env: home.env },
    )
    expect(await program.said('threw')).toBe('threw audit')
  })

  it('says on a full disk that the act was not done, and is whole again afterwards', async (context) => {
    if (process.getuid?.() !== 0) context.skip('only root can mount a small file system')
    await using disk = await fullDisk()
    const paths = resolvePaths({ env: { MOSAIC_HOME: disk.directory } })
    const audit = openAudit(paths)
    audit.record(entry('before'))
    disk.fill()
    const large = { padding: 'x'.repeat(20_000) }
    expect(() => audit.record(entry('full', large))).toThrow(FleetError)
    expect(() => audit.record(entry('full', large))).toThrow(expect.objectContaining({ code: 'not_done', reason: 'audit' }))
    disk.relieve()
    audit.record(entry('after'))
    expect(refsOf(paths)).toEqual(['before', 'after'])
  })
})
