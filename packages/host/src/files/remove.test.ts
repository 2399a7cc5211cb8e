import { execFileSync } from 'node:child_process'
import { existsSync, lstatSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fullDisk } from '@mosaic/testkit/faults'
import { tempHome } from '@mosaic/testkit/temp-home'
import { describe, expect, it } from 'vitest'
import { makeRoom, removeEach, removeOwn, removeSwitch } from './remove.ts'

async function world() {
  const home = await tempHome()
  const at = (name: string) => join(home.root, name)
  const directory = (name: string) => {
    mkdirSync(join(at(name), 'deep'), { recursive: true })
    writeFileSync(join(at(name), 'deep', 'file'), 'x')
    return at(name)
  }
  return { at, directory, [Symbol.asyncDispose]: () => home[Symbol.asyncDispose]() }
}

describe('removing what has one of our names', () => {
  it('takes a file, a FIFO, a directory with all that is in it, and what is not there', async () => {
    await using it = await world()
    writeFileSync(it.at('file'), '')
    execFileSync('mkfifo', [it.at('fifo')])
    const paths = [it.at('file'), it.at('fifo'), it.directory('directory'), it.at('absent')]
    removeEach(paths)
    expect(paths.filter((path) => existsSync(path))).toEqual([])
  })

  it('takes a link and never what it leads to, at the top or within a directory', async () => {
    await using it = await world()
    const kept = it.directory('kept')
    symlinkSync(kept, it.at('link'))
    symlinkSync(kept, join(it.directory('directory'), 'link'))
    removeEach([it.at('link'), it.at('directory')])
    expect([existsSync(it.at('link')), existsSync(it.at('directory'))]).toEqual([false, false])
    expect(readFileSync(join(kept, 'deep', 'file'), 'utf8')).toBe('x')
  })

  it('goes on past one that cannot be removed, and then says which it was', async (context) => {
    if (process.getuid?.() !== 0) context.skip('only root can mount something that cannot be removed')
    await using it = await world()
    mkdirSync(it.at('mounted'))
    await using _ = await fullDisk({ at: it.at('mounted') })
    writeFileSync(it.at('file'), '')
    const failure = expect.objectContaining({ code: 'not_done', where: it.at('mounted'), mend: expect.any(String) })
    expect(() => removeEach([it.at('mounted'), it.at('file')])).toThrow(failure)
    expect(existsSync(it.at('file'))).toBe(false)
    expect(() => removeOwn(it.at('mounted'))).toThrow(/cannot be removed/)
  })

  it('of a switch leaves a directory that has something in it', async () => {
    await using it = await world()
    mkdirSync(it.at('empty'))
    writeFileSync(it.at('file'), '')
    for (const name of ['empty', 'file', 'absent']) removeSwitch(it.at(name))
    expect([existsSync(it.at('empty')), existsSync(it.at('file'))]).toEqual([false, false])
    expect(() => removeSwitch(it.directory('full'))).toThrow(
      expect.objectContaining({ code: 'not_done', message: expect.stringContaining('with something in it') }),
    )
    expect(readdirSync(it.at('full'))).toEqual(['deep'])
  })
})

it('room for a file is made by taking whatever is none', async () => {
  await using it = await world()
  writeFileSync(it.at('file'), 'kept')
  symlinkSync(it.at('file'), it.at('link'))
  for (const path of [it.at('file'), it.at('link'), it.directory('directory'), it.at('absent')]) makeRoom(path)
  expect(readFileSync(it.at('file'), 'utf8')).toBe('kept')
  expect(lstatSync(it.at('link'), { throwIfNoEntry: false })).toBeUndefined()
  expect(existsSync(it.at('directory'))).toBe(false)
})
