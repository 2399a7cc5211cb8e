import { chmodSync, existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { ACCOUNT_RUNTIMES } from '@mosaic/domain/account'
import { expect, test } from 'vitest'
import { EXIT } from '../exit-codes.ts'
import { verbSchemas } from '../schemas/verb-schemas.ts'
import { TemporaryHome } from '../test-run.ts'
import { ACCOUNT_RUNTIME_CHOICES } from './account-options.ts'

const fileOf = (home: TemporaryHome) => join(home.path, 'fleet', 'accounts.yaml')

/** A `codex` that logs in as the real one does: into its home, in words that stand in no argument. */
function fakeCodex(home: TemporaryHome): string {
  const bin = join(home.path, 'bin')
  mkdirSync(bin, { recursive: true })
  const program = `#!/bin/sh
case "$*" in
  --version) echo 'codex-cli 0.169.0' ;;
  login) echo '{"OPENAI_API_KEY": "k"}' >"$CODEX_HOME/auth.json"; echo 'Successfully logged in' ;;
  'login status') echo 'Not logged in' >&2; exit 1 ;;
esac
`
  writeFileSync(join(bin, 'codex'), program)
  chmodSync(join(bin, 'codex'), 0o755)
  return [bin, process.env['PATH']].join(delimiter)
}

test('help and schema know the same runtimes', () => {
  expect(ACCOUNT_RUNTIME_CHOICES).toEqual(ACCOUNT_RUNTIMES)
})

test('an account is added, logged in by its runtime, used by an agent and forgotten; its home stays', async () => {
  using home = new TemporaryHome()
  await home.run(['fleet', 'init', '--write'])
  const env = { PATH: fakeCodex(home) }
  const added = await home.run(['account', 'add', 'work', '--runtime', 'codex'])
  expect(added.stdout).toMatch(/Added work[\s\S]*mosaic account login work/)
  const directory = join(home.path, 'accounts', 'work')
  expect(statSync(directory).mode & 0o777).toBe(0o700)
  expect(readFileSync(fileOf(home), 'utf8')).toBe(`version: 1\naccounts:\n  work:\n    runtime: codex\n    directory: ${directory}\n`)

  const before = await home.run(['account', 'check', 'work'], { env })
  expect(before).toMatchObject({
    status: EXIT.notDone,
    stdout: expect.stringMatching(/work: logged-out.*\n {2}mend: {2}mosaic account login work/),
  })
  const login = await home.run(['account', 'login', 'work', '--json'], { env })
  expect(JSON.parse(login.stdout)).toMatchObject({ name: 'work', login: 'logged-in' })
  expect((await home.run(['account', 'check'], { env })).status).toBe(EXIT.done)

  expect((await home.run(['fleet', 'edit', 'enhancer', '--runtime', 'codex', '--account', 'work'])).status).toBe(EXIT.done)
  const { stdout } = await home.run(['account', 'list', '--json'])
  expect(JSON.parse(stdout)).toMatchObject({ accounts: [{ name: 'work', runtime: 'codex', login: 'logged-in', agents: ['enhancer'] }] })
  const used = await home.run(['account', 'remove', 'work'])
  expect(used).toMatchObject({ status: EXIT.refused, stderr: expect.stringContaining('used by enhancer') })
  await home.run(['fleet', 'edit', 'enhancer', '--unset', 'account'])
  expect((await home.run(['account', 'remove', 'work'])).status).toBe(EXIT.done)
  expect(existsSync(join(directory, 'auth.json'))).toBe(true)
})

test('an agent is not mapped to an account that there is not, nor to one of another runtime', async () => {
  using home = new TemporaryHome()
  await home.run(['fleet', 'init', '--write'])
  await home.run(['account', 'add', 'work', '--runtime', 'codex'])
  const roster = join(home.path, 'fleet', 'roster.yaml')
  const before = readFileSync(roster, 'utf8')
  const missing = await home.run(['fleet', 'add', 'coder0', '--runtime', 'pi', '--account', 'wirk', '--no-start'])
  expect(missing.status).toBe(EXIT.usage)
  expect(missing.stderr).toMatch(/roster\.yaml:\d+:\d+: agents\[2\]\.account: expected an account of pi, found "wirk"; mosaic account add/)
  const other = await home.run(['fleet', 'edit', 'enhancer', '--account', 'work'])
  expect(other.stderr).toContain('expected an account of stub, found "work", which is one of codex')
  expect(readFileSync(roster, 'utf8')).toBe(before)
  writeFileSync(roster, before.replace('- name: enhancer', '- name: enhancer\n    account: gone'))
  const shown = await home.run(['fleet', 'doctor', '--json'])
  expect(shown.stdout).toMatch(/roster\.yaml:\d+:\d+: agents\[1\]\.account/)
})

test('a home is adopted where it stands, by what is in it; the own one is refused', async () => {
  using home = new TemporaryHome()
  const other = join(home.path, '.claude-work')
  mkdirSync(other)
  writeFileSync(join(other, '.claude.json'), '{"userID": "u"}')
  const adopted = await home.run(['account', 'adopt', 'work', '--directory', '~/.claude-work', '--json'])
  expect(JSON.parse(adopted.stdout)).toMatchObject({ did: 'adopted', runtime: 'claude', directory: other })
  expect(readFileSync(join(other, '.claude.json'), 'utf8')).toBe('{"userID": "u"}')
  const again = await home.run(['account', 'adopt', 'second', '--directory', other])
  expect(again).toMatchObject({ status: EXIT.usage, stderr: expect.stringContaining('work has this one already') })
  mkdirSync(join(home.path, '.codex'))
  const own = await home.run(['account', 'adopt', 'own', '--directory', '~/.codex', '--runtime', 'codex'])
  expect(own).toMatchObject({ status: EXIT.refused, stderr: expect.stringContaining('your own home of codex') })
  mkdirSync(join(home.path, 'empty'))
  const unknown = await home.run(['account', 'adopt', 'x', '--directory', '~/empty'])
  expect(unknown).toMatchObject({ status: EXIT.refused, stderr: expect.stringContaining('--runtime') })
})

test('a faulty file of the accounts is told with its place, and comments of a good one stay', async () => {
  using home = new TemporaryHome()
  mkdirSync(join(home.path, 'fleet'), { recursive: true })
  writeFileSync(fileOf(home), 'version: 1\naccounts:\n  work: {runtime: cloude, directory: /x}\n')
  const faulty = await home.run(['account', 'list'])
  expect(faulty.status).toBe(EXIT.usage)
  expect(faulty.stderr).toMatch(/accounts\.yaml:3:19: accounts\.work\.runtime: .*did you mean claude\?/)
  writeFileSync(fileOf(home), '# mine\nversion: 1\naccounts:\n  work: {runtime: claude, directory: /x} # paid\n')
  expect((await home.run(['account', 'add', 'more', '--runtime', 'pi'])).status).toBe(EXIT.done)
  expect(readFileSync(fileOf(home), 'utf8')).toMatch(/^# mine[\s\S]*# paid\n {2}more:\n/m)
})

test('what the verbs answer fits their schemas', async () => {
  using home = new TemporaryHome()
  const env = { PATH: fakeCodex(home) }
  const lines = [
    'add work --runtime codex',
    'list',
    'login work',
    'check',
    'remove work',
    `adopt back --directory ${home.path}/accounts/work -r codex`,
  ]
  for (const line of lines) {
    const { stdout, stderr } = await home.run(['account', ...line.split(' '), '--json'], { env })
    const parsed = verbSchemas[`account ${line.split(' ')[0]}`]?.safeParse(JSON.parse(stdout))
    expect(parsed?.error?.issues ?? [], `${line}: ${stdout}${stderr}`).toEqual([])
  }
})
