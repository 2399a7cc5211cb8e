import { execFileSync } from 'node:child_process'
import { appendFileSync, closeSync, mkdirSync, openSync, readFileSync, rmSync, statSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { tempHome } from '@mosaic/testkit/temp-home'
import { describe, expect, it } from 'vitest'
import { leadsTo, ServiceLog } from './service-log.ts'

const wordsOf = (file: string) =>
  readFileSync(file, 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => line.split(' ')[1])

describe('the log of the service', () => {
  it('is moved away when it has grown, without losing a line', async () => {
    await using home = await tempHome()
    const file = join(home.root, 'mosaicd.log')
    const log = new ServiceLog({ file, fd: undefined, maxBytes: 1_000 })
    log.rotate()
    const words = Array.from({ length: 40 }, (_, index) => `word-${index}`)
    for (const word of words) log.write(word)
    expect([...wordsOf(`${file}.1`), ...wordsOf(file)]).toEqual(words)
    expect(statSync(file).size).toBeLessThan(1_100)
    expect(statSync(file).mode & 0o777).toBe(0o600)
  })

  it('stays where it is while another service may be writing it', async () => {
    await using home = await tempHome()
    const file = join(home.root, 'mosaicd.log')
    const log = new ServiceLog({ file, fd: undefined, maxBytes: 10 })
    for (const word of ['a', 'b', 'c']) log.write(word)
    expect(wordsOf(file)).toEqual(['a', 'b', 'c'])
  })

  it('goes to the terminal of who started it by hand', async () => {
    await using home = await tempHome()
    const [file, elsewhere] = [join(home.root, 'mosaicd.log'), join(home.root, 'terminal')]
    const fd = openSync(elsewhere, 'a')
    try {
      appendFileSync(file, 'earlier\n')
      expect([leadsTo(fd, file), leadsTo(fd, elsewhere), leadsTo(fd, join(home.root, 'none'))]).toEqual([false, true, false])
      new ServiceLog({ file, fd, maxBytes: 1 }).write('told')
      expect(wordsOf(elsewhere)).toEqual(['told'])
    } finally {
      closeSync(fd)
    }
  })

  it('that is a FIFO is not waited for, told of once, and used again when it is mended', async () => {
    await using home = await tempHome()
    const file = join(home.root, 'mosaicd.log')
    execFileSync('mkfifo', [file])
    const told: string[] = []
    const log = new ServiceLog({ file, fd: undefined, maxBytes: 1_000, onUnusable: (text) => told.push(text) })
    log.rotate()
    log.write('lost')
    log.write('lost')
    expect(told).toEqual([expect.stringContaining(`${file} cannot be written: it is not a regular file`)])
    rmSync(file)
    log.write('kept')
    expect(wordsOf(file)).toEqual(['kept'])
    rmSync(file)
    mkdirSync(file)
    log.write('lost')
    expect(told).toHaveLength(2)
  })

  it('goes on growing where it cannot be moved away', async () => {
    await using home = await tempHome()
    const file = join(home.root, 'mosaicd.log')
    mkdirSync(join(`${file}.1`, 'deep'), { recursive: true })
    const log = new ServiceLog({ file, fd: undefined, maxBytes: 1 })
    log.rotate()
    for (const word of ['a', 'b']) log.write(word)
    expect(wordsOf(file)).toEqual(['a', 'b'])
  })

  it('that cannot be written ends nothing, and no link is followed', async () => {
    await using home = await tempHome()
    const target = join(home.root, 'target')
    appendFileSync(target, '')
    const file = join(home.root, 'mosaicd.log')
    symlinkSync(target, file)
    mkdirSync(join(home.root, 'directory'))
    for (const path of [file, join(home.root, 'directory'), join(home.root, 'no', 'where')])
      expect(() => new ServiceLog({ file: path, fd: undefined, maxBytes: 1, onUnusable: () => {} }).write('lost')).not.toThrow()
    expect(statSync(target).size).toBe(0)
  })
})
