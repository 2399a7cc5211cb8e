import { spawnSync } from 'node:child_process'
import { expect, test } from 'vitest'
import { HEAVY, loadedBy } from './loaded-files.ts'
import { TemporaryHome } from './test-run.ts'
import { VERSION } from './version.ts'

test.each([
  ['--version'],
  ['--help'],
  ['fleet --help'],
  ['fleet ps --help'],
  ['agent send --help'],
  ['fleet add --help'],
  ['fleet init --help'],
])('mosaic %s loads commander and small files only', (line) => {
  using home = new TemporaryHome()
  const { status, stdout, files } = loadedBy(spawnSync, line.split(' '), home.path)
  expect(status).toBe(0)
  expect(stdout).toContain(line === '--version' ? VERSION : 'Usage: mosaic')
  expect(files.filter((file) => HEAVY.test(file))).toEqual([])
  expect(files.filter((file) => file.includes('/commands/')).length).toBeLessThanOrEqual(1)
})
