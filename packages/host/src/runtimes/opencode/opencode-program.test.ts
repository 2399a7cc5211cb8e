import { chmodSync, copyFileSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { FleetError } from '@mosaic/domain/error'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { assertNotOlder } from '../program-version.ts'
import { locateOpenCode, nativeProgram, OPENCODE } from './opencode-program.ts'

let root = ''
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'mosaic-ocp-'))
})
afterEach(() => rmSync(root, { recursive: true, force: true }))

function put(path: string, text: string): string {
  const file = join(root, path)
  mkdirSync(dirname(file), { recursive: true })
  writeFileSync(file, text)
  chmodSync(file, 0o755)
  return file
}
/** A native program that is small. */
function native(path: string): string {
  const file = join(root, path)
  mkdirSync(dirname(file), { recursive: true })
  copyFileSync('/bin/true', file)
  return file
}
const manifest = (path: string, name: string, version: string) => put(path, JSON.stringify({ name, version }))

test('finds the native program of a package, and its version without running it', async () => {
  const file = native('node_modules/opencode-ai/bin/opencode.exe')
  manifest('node_modules/opencode-ai/package.json', 'opencode-ai', '1.18.33')
  mkdirSync(join(root, 'bin'))
  symlinkSync(file, join(root, 'bin', 'opencode'))
  expect(await locateOpenCode(undefined, join(root, 'bin'))).toEqual({ argv: [file], version: '1.18.33' })
})

test('looks behind the wrapper of a package manager, and behind a launcher for the program of this machine', () => {
  const file = native('store/opencode-ai/bin/opencode.exe')
  const wrapper = put('bin/opencode', '#!/bin/sh\nexec something "$@"\n# cmd-shim-target=../store/opencode-ai/bin/opencode.exe\n')
  expect(nativeProgram(wrapper)).toBe(file)
  const launcher = put('lib/node_modules/opencode-ai/bin/opencode', '#!/usr/bin/env node\n')
  const beside = native(`lib/node_modules/opencode-ai/node_modules/opencode-${process.platform}-${process.arch}/bin/opencode`)
  expect(nativeProgram(launcher)).toBe(beside)
})

test('runs what it does not know as it is', () => {
  const script = put('bin/opencode', '#!/bin/sh\necho 1.18.40\n')
  expect(nativeProgram(script)).toBe(script)
})

test('asks a program without a package for its version', async () => {
  put('bin/opencode', '#!/bin/sh\necho 1.18.40\n')
  expect(await locateOpenCode(undefined, join(root, 'bin'))).toMatchObject({ version: '1.18.40' })
})

test('says what installs it when it is absent or too old, and what to correct when the roster names a wrong command', async () => {
  const missing = await locateOpenCode(undefined, join(root, 'bin')).catch((error: unknown) => error)
  expect(missing).toBeInstanceOf(FleetError)
  expect(missing).toMatchObject({ code: 'missing', mend: expect.stringContaining('npm install -g opencode-ai') })
  expect(() => assertNotOlder(OPENCODE, '1.17.9')).toThrow('at least 1.18.0')
  expect(() => assertNotOlder(OPENCODE, '1.18.0')).not.toThrow()
  expect(() => assertNotOlder(OPENCODE, '2.0.0')).not.toThrow()
  await expect(locateOpenCode(['/nowhere/opencode'], '')).rejects.toMatchObject({ mend: expect.stringContaining('roster') })
})
