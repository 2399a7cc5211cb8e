import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { codexAdapter } from './adapter.ts'
import { locateCodex } from './codex-program.ts'

let directory = ''
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'mosaic-codex-'))
})
afterEach(() => rmSync(directory, { recursive: true, force: true }))

function program(name: string, text: string): string {
  const path = join(directory, name)
  writeFileSync(path, text)
  chmodSync(path, 0o755)
  return path
}

describe('codex on this machine', () => {
  test('is found on the PATH, with its version', async () => {
    const path = program('codex', '#!/bin/sh\necho "codex-cli 0.169.0"\n')
    expect(await locateCodex({ command: undefined, path: directory })).toEqual({ argv: [path], version: '0.169.0' })
  })

  test('is run by our own Node when it is a script of Node, behind whatever link', async () => {
    mkdirSync(join(directory, 'lib'))
    const script = program('lib/codex.js', `#!/usr/bin/env node\nconsole.log('codex-cli 0.170.0')\n`)
    symlinkSync(script, join(directory, 'codex'))
    expect(await locateCodex({ command: undefined, path: directory })).toEqual({ argv: [process.execPath, script], version: '0.170.0' })
  })

  test('is what the roster says', async () => {
    const path = program('my-codex', '#!/bin/sh\n[ "$1" = sub ] && echo "codex-cli 0.169.1"\n')
    expect(await locateCodex({ command: [path, 'sub'], path: '' })).toEqual({ argv: [path, 'sub'], version: '0.169.1' })
  })

  test('that is missing, does not run or is too old says so, and what mends it', async () => {
    const found = (command?: string[]) => locateCodex({ command, path: directory })
    await expect(found()).rejects.toMatchObject({
      code: 'missing',
      message: 'codex is not installed',
      mend: 'npm install --global @openai/codex',
    })
    await expect(found(['other'])).rejects.toMatchObject({ code: 'missing', message: expect.stringContaining('other') })
    program('codex', '#!/bin/sh\nexit 1\n')
    await expect(found()).rejects.toMatchObject({ code: 'missing', message: expect.stringContaining('does not run') })
    program('old', '#!/bin/sh\necho "codex-cli 0.42.0"\n')
    await expect(found(['old'])).rejects.toMatchObject({ code: 'missing', message: expect.stringContaining('0.42.0 is too old') })
  })

  test('is recognised by its app-server, the pane’s process', () => {
    const { recognises } = codexAdapter('')
    expect(recognises(['/x/bin/codex', 'app-server', '-c', 'model="x"'])).toBe(true)
    expect(recognises(['/x/node', '/x/node_modules/@openai/codex/bin/codex.js', 'app-server'])).toBe(true)
    expect(recognises(['/x/bin/codex', '--remote', 'unix:///x'])).toBe(false)
    expect(recognises(['vim', 'codex', 'app-server.ts'])).toBe(false)
  })
})
