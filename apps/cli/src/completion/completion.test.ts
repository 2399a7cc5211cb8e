import { execFileSync } from 'node:child_process'
import { chmodSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { TemporaryHome } from '../test-run.ts'
import { completionScript, SHELLS } from './scripts.ts'

const MAIN = join(import.meta.dirname, '..', 'main.ts')

/** What the program itself answers to a completion script. */
function candidates(home: TemporaryHome, words: readonly string[]): string[] {
  const env = { PATH: process.env['PATH'] ?? '', HOME: home.path, MOSAIC_HOME: home.path }
  const out = execFileSync(process.execPath, ['--disable-warning=ExperimentalWarning', MAIN, 'complete', '--', ...words], {
    encoding: 'utf8',
    env,
  })
  return out
    .trimEnd()
    .split('\n')
    .filter((line) => !line.startsWith(':'))
    .map((line) => line.split('\t')[0] ?? '')
}

test('nouns, verbs, options, choices and the names of agents are offered', async () => {
  using home = new TemporaryHome()
  await home.run(['fleet', 'init', '--write'])
  expect(candidates(home, ['fl'])).toEqual(['fleet'])
  expect(candidates(home, ['fleet', 're'])).toEqual(['restart', 'remove', 'resume'])
  expect(candidates(home, ['fleet', 'ps', '--wi'])).toEqual(['--wide'])
  expect(candidates(home, ['fleet', 'add', 'x', '--runtime', ''])).toContain('stub')
  expect(candidates(home, ['agent', 'send', ''])).toEqual(['orchestrator', 'enhancer'])
  expect(candidates(home, ['agent', 'watch', 'enh'])).toEqual(['enhancer'])
  expect(candidates(home, ['fleet', 'add', ''])).toEqual([])
  expect(candidates(home, ['fleet', '--roster', '/nonexistent', 'stop', ''])).toEqual([])
})

test.each(SHELLS)('the script of %s is printed, and names the program by its path', async (shell) => {
  using home = new TemporaryHome()
  const { status, stdout } = await home.run(['completion', shell])
  expect(status).toBe(0)
  expect(stdout).toMatch(/'\/.*\/mosaic' complete --/)
})

/** Completes a line in a real bash; what it offers, line by line. */
function inBash(home: TemporaryHome, words: readonly string[]): string[] {
  // A path that a careless script would split or expand.
  const program = join(home.path, "it's $HOME mosaic")
  writeFileSync(program, '#!/bin/sh\nprintf "%s\\n" "$@" >"$WORDS"\nprintf "coder0\\tone\\ncoder 1\\ttwo\\n:4\\n"\n')
  chmodSync(program, 0o755)
  const script = `${completionScript('bash', program)}
COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _mosaic; printf '%s\\n' "\${COMPREPLY[@]}"`
  const env = { PATH: process.env['PATH'] ?? '', WORDS: join(home.path, 'words') }
  return execFileSync('bash', ['--norc', '-c', script, 'bash', ...words], { encoding: 'utf8', env })
    .trimEnd()
    .split('\n')
}

test('bash offers what the program answers, and evaluates nothing that was typed', () => {
  using home = new TemporaryHome()
  const planted = join(home.path, 'planted')
  const offered = inBash(home, ['mosaic', 'agent', 'send', `$(touch ${planted})`, '`touch x`', ''])
  expect(offered).toEqual(['coder0', 'coder 1'])
  const words = execFileSync('cat', [join(home.path, 'words')], { encoding: 'utf8' }).split('\n')
  expect(words.slice(0, -1)).toEqual(['complete', '--', 'agent', 'send', `$(touch ${planted})`, '`touch x`', ''])
  expect(() => execFileSync('ls', [planted], { stdio: 'ignore' })).toThrow()
})

test('bash joins what it splits at an equals sign', () => {
  using home = new TemporaryHome()
  inBash(home, ['mosaic', 'fleet', 'up', '--runtime', '=', 'p'])
  expect(execFileSync('cat', [join(home.path, 'words')], { encoding: 'utf8' })).toBe('complete\n--\nfleet\nup\n--runtime\np\n')
})
