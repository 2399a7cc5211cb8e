import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { noteHome } from '@mosaic/host/runtimes/claude/claude-home'
import { expect, test } from 'vitest'
import { EXIT } from '../exit-codes.ts'
import { verbSchemas } from '../schemas/verb-schemas.ts'
import { TemporaryHome } from '../test-run.ts'

/** A fleet's home beside the operator's, into which Claude Code's onboarding was noted. */
async function scene(home: TemporaryHome) {
  const mosaic = join(home.path, 'mosaic')
  const state = join(home.path, '.claude.json')
  const run = (...words: string[]) => home.run([...words, '--mosaic-home', mosaic])
  await run('fleet', 'init', '--write')
  writeFileSync(`${state}.before-mosaic`, '{"theme":"light"}')
  writeFileSync(state, '{"theme":"light","hasCompletedOnboarding":true}')
  return { mosaic, state, run }
}

test('without a word nothing is done, and what would be done is said', async () => {
  using home = new TemporaryHome()
  const { state, run } = await scene(home)
  const planned = await run('fleet', 'uninstall')
  expect(planned.status).toBe(EXIT.notDone)
  expect(planned.stdout).toContain(`${state}: the note`)
  expect(planned.stdout).toMatch(/Kept is:\n.*roster\.yaml: the roster/)
  expect(planned.stderr).toContain('Nothing was done: with --yes it is')
  expect(readFileSync(state, 'utf8')).toContain('hasCompletedOnboarding')
})

test('what the fleet added is taken back, also in the homes of accounts, and its own files stay', async () => {
  using home = new TemporaryHome()
  const { mosaic, state, run } = await scene(home)
  await run('account', 'add', 'work', '--runtime', 'claude')
  const ofAccount = join(mosaic, 'accounts', 'work', '.claude.json')
  writeFileSync(`${ofAccount}.before-mosaic`, '')
  writeFileSync(ofAccount, '{"hasCompletedOnboarding":true}')
  const { status, stdout } = await run('fleet', 'uninstall', '--yes', '--json')
  expect(status).toBe(EXIT.done)
  const answer = verbSchemas['fleet uninstall']?.parse(JSON.parse(stdout))
  expect(answer).toMatchObject({ did: 'uninstalled', service: 'not-running', additions: [{ file: state }, { file: ofAccount }], left: [] })
  expect(readFileSync(state, 'utf8')).toBe('{"theme":"light"}')
  expect(existsSync(ofAccount)).toBe(false)
  expect(existsSync(join(mosaic, 'fleet', 'roster.yaml'))).toBe(true)
  expect((await run('fleet', 'uninstall', '--yes')).stdout).toContain('Uninstalled')
})

test('what an agent’s launch noted is taken back, whoever has removed the agent and its account since', async () => {
  using home = new TemporaryHome()
  const { mosaic, run } = await scene(home)
  const elsewhere = join(home.path, 'elsewhere.json')
  writeFileSync(`${elsewhere}.before-mosaic`, '{"theme":"dark"}')
  writeFileSync(elsewhere, '{"theme":"dark","hasCompletedOnboarding":true}')
  noteHome(join(mosaic, 'fleet', 'state', 'gone'), { directory: home.path, stateFile: elsewhere })
  expect((await run('fleet', 'uninstall', '--yes')).status).toBe(EXIT.done)
  expect(readFileSync(elsewhere, 'utf8')).toBe('{"theme":"dark"}')
})

test('what a fleet on claude will add is said with its file before it is added, and only where it is missing', async () => {
  using home = new TemporaryHome()
  const plan = () => home.run(['fleet', 'init', '--runtime', 'claude'])
  const state = join(home.path, '.claude.json')
  expect((await plan()).stderr).toContain(`${state} gets a note that the first questions of Claude Code are answered`)
  expect((await home.run(['fleet', 'init', '--runtime', 'codex'])).stderr).not.toContain('gets a note')
  writeFileSync(state, '{"hasCompletedOnboarding":true}')
  expect((await plan()).stderr).not.toContain('gets a note')
  expect(readFileSync(state, 'utf8')).toBe('{"hasCompletedOnboarding":true}')
})

test('a home is not purged without a typed word, nor when it holds more than a fleet', async () => {
  using home = new TemporaryHome()
  const { mosaic, run } = await scene(home)
  const purge = await run('fleet', 'uninstall', '--yes', '--purge')
  expect(purge).toMatchObject({ status: EXIT.notDone, stderr: expect.stringContaining('run it on a terminal') })
  expect(existsSync(mosaic)).toBe(true)
  mkdirSync(join(home.path, 'fleet'), { recursive: true })
  const own = await home.run(['fleet', 'uninstall', '--purge', '--mosaic-home', home.path])
  expect(own).toMatchObject({ status: EXIT.refused, stderr: expect.stringContaining('your home directory is in it') })
  const none = await home.run(['fleet', 'uninstall', '--purge', '--mosaic-home', join(home.path, 'none')])
  expect(none).toMatchObject({ status: EXIT.refused, stderr: expect.stringContaining('does not exist') })
})
