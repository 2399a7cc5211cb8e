import { chownSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { tempHome } from '@mosaic/testkit/temp-home'
import { describe, expect, it } from 'vitest'
import { isOwnDirectory } from './own-directory.ts'

const STRICT = { followLinks: false }
const LENIENT = { followLinks: true }

describe('a directory of this user', () => {
  it('is one, and no file, no link where links count, and nothing that is not there', async () => {
    await using home = await tempHome()
    const at = (name: string) => join(home.root, name)
    mkdirSync(at('own'))
    writeFileSync(at('file'), '')
    symlinkSync('own', at('link'))
    symlinkSync('absent', at('dangling'))
    expect(isOwnDirectory(at('own'), STRICT)).toBe(true)
    expect([isOwnDirectory(at('link'), STRICT), isOwnDirectory(at('link'), LENIENT)]).toEqual([false, true])
    for (const name of ['file', 'dangling', 'absent']) {
      expect([isOwnDirectory(at(name), STRICT), isOwnDirectory(at(name), LENIENT)]).toEqual([false, false])
    }
  })

  it('is none that another user made', async (context) => {
    if (process.getuid?.() !== 0) context.skip('only root can make a directory of another user')
    await using home = await tempHome()
    const path = join(home.root, 'theirs')
    mkdirSync(path)
    chownSync(path, 54_321, 54_321)
    expect([isOwnDirectory(path, STRICT), isOwnDirectory(path, LENIENT)]).toEqual([false, false])
  })
})
