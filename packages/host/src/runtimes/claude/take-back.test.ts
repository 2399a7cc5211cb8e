import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { claudeHome, ensureOnboarded } from './claude-home.ts'
import { additionIn, takeBack } from './take-back.ts'

let root: string
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'mosaic-take-back-'))
})
afterEach(() => rmSync(root, { recursive: true, force: true }))

const home = () => claudeHome({ env: {} }, { HOME: root })
const file = () => join(root, '.claude.json')
const read = () => JSON.parse(readFileSync(file(), 'utf8')) as Record<string, unknown>

test('a home that never saw a start has nothing of the fleet left in it', () => {
  ensureOnboarded(home())
  expect(read()).toEqual({ hasCompletedOnboarding: true })
  const added = additionIn(home())
  expect(added).toBe(file())
  expect(takeBack(added ?? '')).toBe(true)
  expect(readdirSync(root)).toEqual([])
})

test('a file that nobody else wrote is byte for byte what it was', () => {
  const text = '{"theme":   "light"}'
  writeFileSync(file(), text, { mode: 0o640 })
  ensureOnboarded(home())
  expect(takeBack(file())).toBe(true)
  expect(readFileSync(file(), 'utf8')).toBe(text)
  expect(statSync(file()).mode & 0o777).toBe(0o640)
  expect(readdirSync(root)).toEqual(['.claude.json'])
})

test('what Claude Code wrote since stays, without the key', () => {
  writeFileSync(file(), '{"theme": "light"}')
  ensureOnboarded(home())
  writeFileSync(file(), JSON.stringify({ ...read(), numStartups: 3 }))
  expect(takeBack(file())).toBe(true)
  expect(read()).toEqual({ theme: 'light', numStartups: 3 })
})

test('an operator who went through the first questions since keeps the key', () => {
  ensureOnboarded(home())
  writeFileSync(file(), JSON.stringify({ ...read(), lastOnboardingVersion: '2.1.329' }))
  expect(takeBack(file())).toBe(true)
  expect(read()).toEqual({ hasCompletedOnboarding: true, lastOnboardingVersion: '2.1.329' })
  expect(additionIn(home())).toBeUndefined()
})

test('a file that is not understood any more is left alone', () => {
  ensureOnboarded(home())
  writeFileSync(file(), '{')
  expect(takeBack(file())).toBe(false)
  expect(additionIn(home())).toBe(file())
})

test('a home in which everything was answered already is not touched', () => {
  writeFileSync(file(), '{"hasCompletedOnboarding":true}')
  ensureOnboarded(home())
  expect(additionIn(home())).toBeUndefined()
  expect(existsSync(`${file()}.before-mosaic`)).toBe(false)
})
