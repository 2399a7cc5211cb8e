import { lstatSync, readdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fullDisk } from '@mosaic/testkit/faults'
import { nodeProgram } from '@mosaic/testkit/node-program'
import { tempHome } from '@mosaic/testkit/temp-home'
import { describe, expect, it } from 'vitest'
import { atomicWrite } from './atomic-write.ts'

const modeOf = (path: string) => statSync(path).mode & 0o777

describe('an atomic write', () => {
  it('replaces the whole of a file, with nothing left beside it', async () => {
    await using home = await tempHome()
    const path = join(home.root, 'file')
    writeFileSync(path, 'x'.repeat(100_000))
    for (const text of ['', 'short', '漢字 🎉\n'.repeat(50_000)]) {
      atomicWrite(path, text)
      expect(readFileSync(path, 'utf8')).toBe(text)
    }
    expect(readdirSync(home.root).filter((name) => name.startsWith('file'))).toEqual(['file'])
  })

  it('gives the file the mode that was asked for, whatever the umask and whatever mode it had', async () => {
    await using home = await tempHome()
    const path = join(home.root, 'file')
    writeFileSync(path, 'old', { mode: 0o666 })
    const umask = process.umask(0o777)
    try {
      atomicWrite(path, 'new')
      expect(modeOf(path)).toBe(0o600)
      process.umask(0)
      atomicWrite(path, 'new')
      expect(modeOf(path)).toBe(0o600)
      process.umask(0o077)
      atomicWrite(path, 'new', { mode: 0o644, durable: false })
      expect(modeOf(path)).toBe(0o644)
    } finally {
      process.umask(umask)
    }
  })

  it('never writes through a link that stands in the place of the file', async () => {
    await using home = await tempHome()
    const [path, target] = [join(home.root, 'file'), join(home.root, 'target')]
    writeFileSync(target, 'not to be touched')
    symlinkSync(target, path)
    atomicWrite(path, 'new')
    expect(lstatSync(path).isFile()).toBe(true)
    expect(readFileSync(target, 'utf8')).toBe('not to be touched')
  })

  it('leaves the old file and no temporary one when it cannot be put in place', async () => {
    await using home = await tempHome()
    const path = join(home.root, 'directory')
    // A directory with something in it cannot be replaced by a file.
    writeFileSync(join(home.home, 'kept'), 'kept')
    expect(() => atomicWrite(home.home, 'new')).toThrow()
    expect(() => atomicWrite(join(path, 'absent', 'file'), 'new')).toThrow()
    expect(readdirSync(home.root).filter((name) => name.endsWith('.tmp'))).toEqual([])
    expect(readFileSync(join(home.home, 'kept'), 'utf8')).toBe('kept')
  })

  it('on a full disk leaves the old file whole and takes nothing', async (context) => {
    if (process.getuid?.() !== 0) context.skip('only root can mount a small file system')
    await using disk = await fullDisk()
    const path = join(disk.directory, 'file')
    atomicWrite(path, 'old')
    disk.fill()
    expect(() => atomicWrite(path, 'y'.repeat(30_000))).toThrow(expect.objectContaining({ code: 'ENOSPC' }))
    expect(readFileSync(path, 'utf8')).toBe('old')
    expect(readdirSync(disk.directory).filter((name) => name.endsWith('.tmp'))).toEqual([])
    disk.relieve()
    atomicWrite(path, 'new')
    expect(readFileSync(path, 'utf8')).toBe('new')
  })

  it('shows readers the old or the new, never a part, while its writer is killed over and over', async () => {
    await using home = await tempHome()
    const path = join(home.root, 'file')
    // Every text is one digit, 300,000 times.
    const whole = (text: string) => text.length === 300_000 && /^(\d)\1*$/.test(text)
    atomicWrite(path, '0'.repeat(300_000))
    const source = `import { atomicWrite } from ${JSON.stringify(import.meta.resolve('./atomic-write.ts'))}
      for (let round = 0; ; round += 1) {
        atomicWrite(process.argv[1], String(round % 10).repeat(300_000), { durable: round % 2 === 0 })
        if (round === 0) console.log('writing')
      }`
    for (let round = 0; round < 6; round += 1) {
      await using writer = nodeProgram(source, { args: [path] })
      await writer.said('writing')
      for (let look = 0; look < 5 + round; look += 1) {
        expect(whole(readFileSync(path, 'utf8'))).toBe(true)
        await new Promise((resolve) => setImmediate(resolve))
      }
      await writer.kill()
      expect(whole(readFileSync(path, 'utf8'))).toBe(true)
    }
  })
})
