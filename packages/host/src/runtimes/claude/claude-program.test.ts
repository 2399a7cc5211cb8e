import { chmodSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { tempHome } from '@mosaic/testkit/temp-home'
import { describe, expect, it } from 'vitest'
import { claudeReadsCap, locateClaude } from './claude-program.ts'

async function programSaying(text: string) {
  const home = await tempHome()
  const file = join(home.root, 'claude')
  writeFileSync(file, `#!/bin/sh\necho '${text}'\n`)
  chmodSync(file, 0o755)
  return { root: home.root, file, [Symbol.asyncDispose]: () => home[Symbol.asyncDispose]() }
}

describe('finding Claude Code', () => {
  it('gives its place and its version', async () => {
    await using at = await programSaying('2.1.329 (Claude Code)')
    expect(await locateClaude({ command: undefined, path: at.root })).toEqual({ argv: [at.file], version: '2.1.329' })
  })

  it('says what installs it where it is not', async () => {
    await using at = await programSaying('')
    const search = { command: undefined, path: join(at.root, 'nowhere') }
    await expect(locateClaude(search)).rejects.toMatchObject({ code: 'missing', mend: 'npm install --global @anthropic-ai/claude-code' })
  })

  it('says that it is too old, and what brings a newer one', async () => {
    await using at = await programSaying('2.0.76 (Claude Code)')
    await expect(locateClaude({ command: undefined, path: at.root })).rejects.toMatchObject({
      code: 'missing',
      message: expect.stringContaining('2.0.76 is too old'),
      mend: expect.stringContaining('@latest'),
    })
  })

  it('runs the command of the roster, and says when that is not there', async () => {
    await using at = await programSaying('2.1.400')
    expect(await locateClaude({ command: [at.file, '--verbose'], path: '' })).toMatchObject({ argv: [at.file, '--verbose'] })
    await expect(locateClaude({ command: ['my-claude'], path: at.root })).rejects.toMatchObject({ code: 'missing' })
  })
})

describe('the cap of the context', () => {
  const names = ['CLAUDE_CODE_DISABLE_1M_CONTEXT', 'autoCompactWindow']

  it('is heeded by a program that has both names in it, wherever they stand', async () => {
    await using at = await programSaying('')
    // One of them over the edge of what is read at once.
    writeFileSync(at.file, `${'x'.repeat(4 * 1024 * 1024 - 9)}${names.join(' ')}`)
    expect(claudeReadsCap(at.file)).toBe(true)
    writeFileSync(at.file, `${'x'.repeat(5 * 1024 * 1024)}${names[1]}`)
    expect(claudeReadsCap(at.file)).toBe(false)
  })
})
