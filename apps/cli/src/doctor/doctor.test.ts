import { execFileSync } from 'node:child_process'
import { appendFileSync, chmodSync, existsSync, mkdirSync, readdirSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { EXIT } from '../exit-codes.ts'
import { TemporaryHome } from '../test-run.ts'
import type { Finding } from './check.ts'

async function examine(home: TemporaryHome, ...options: string[]) {
  const { status, stdout } = await home.run(['fleet', 'doctor', '--json', ...options])
  const { checks } = JSON.parse(stdout) as { checks: (Finding & { fixed: boolean })[] }
  return { status, of: (check: string) => checks.filter((one) => one.check === check), checks }
}

test('a machine that never had a fleet is fit for one, and told how to make it', async () => {
  using home = new TemporaryHome()
  const { status, of } = await examine(home, '--mosaic-home', join(home.path, 'new'))
  expect(status).toBe(EXIT.done)
  expect(of('node')).toMatchObject([{ status: 'ok' }])
  expect(of('tmux')).toMatchObject([{ status: 'ok' }])
  expect(of('roster')).toMatchObject([{ status: 'note', mend: 'mosaic fleet up' }])
  expect(existsSync(join(home.path, 'new'))).toBe(false)
})

test('whatever is not well has a mend', async () => {
  using home = new TemporaryHome()
  await home.run(['fleet', 'init', '--write'])
  const { checks } = await examine(home)
  for (const { check, status, mend } of checks) {
    if (status === 'warn' || status === 'fail') expect(mend, check).not.toBeNull()
  }
})

test('a directory that others can enter is found, and closed with --fix', async () => {
  using home = new TemporaryHome()
  await home.run(['fleet', 'init', '--write'])
  const fleet = join(home.path, 'fleet')
  chmodSync(fleet, 0o755)
  const found = await examine(home)
  expect(found.status).toBe(EXIT.notDone)
  expect(found.of('directory')).toMatchObject([{ status: 'fail', mend: `chmod 700 ${fleet}`, fixed: false }])
  expect(statSync(fleet).mode & 0o777).toBe(0o755)
  const fixed = await examine(home, '--fix')
  expect(fixed.status).toBe(EXIT.done)
  expect(fixed.of('directory')).toMatchObject([{ status: 'ok', fixed: true }])
  expect(statSync(fleet).mode & 0o777).toBe(0o700)
})

test('what a killed writer left is removed with --fix, and nothing else', async () => {
  using home = new TemporaryHome()
  await home.run(['fleet', 'init', '--write'])
  const file = (name: string) => join(home.path, 'fleet', name)
  // No process has the highest number; this one lives.
  const dead = file('roster.yaml.4194304.0123abcd.tmp')
  const living = file(`roster.yaml.${process.pid}.0123abcd.tmp`)
  for (const path of [dead, living]) writeFileSync(path, '')
  expect((await examine(home)).of('leftovers')).toMatchObject([{ status: 'note', fixed: false }])
  expect((await examine(home, '--fix')).of('leftovers')).toMatchObject([{ fixed: true }])
  expect([existsSync(dead), existsSync(living), existsSync(file('roster.yaml'))]).toEqual([false, true, true])
})

test('a runtime that an agent needs and the machine lacks keeps the fleet from working', async () => {
  using home = new TemporaryHome()
  await home.run(['fleet', 'init', '--write'])
  await home.run(['fleet', 'add', 'coder0', '--runtime', 'codex'])
  const { status, stdout } = await home.run(['fleet', 'doctor', '--json'], { env: { PATH: '/nonexistent' } })
  expect(status).toBe(EXIT.notDone)
  const { checks } = JSON.parse(stdout) as { checks: Finding[] }
  expect(checks.filter(({ check }) => check === 'runtime codex')).toMatchObject([{ status: 'fail' }])
})

test('tmux that is not there is missing, with the command that installs it', async () => {
  using home = new TemporaryHome()
  const { stdout } = await home.run(['fleet', 'doctor', '--json'], { env: { PATH: '/nonexistent' } })
  const { checks } = JSON.parse(stdout) as { checks: Finding[] }
  expect(checks.find(({ check }) => check === 'tmux')).toMatchObject({ status: 'fail', mend: expect.stringContaining('install') })
})

test('a faulty roster is shown with its place', async () => {
  using home = new TemporaryHome()
  await home.run(['fleet', 'init', '--write'])
  writeFileSync(join(home.path, 'fleet', 'roster.yaml'), 'version: 1\nagents: 7\n')
  const { status, of } = await examine(home)
  expect(status).toBe(EXIT.notDone)
  expect(of('roster')).toMatchObject([{ status: 'fail', detail: expect.stringContaining('roster.yaml:2:9') }])
})

test('what the roster asks for in vain is to heed, and keeps no fleet from working', async () => {
  using home = new TemporaryHome()
  await home.run(['fleet', 'init', '--write'])
  const roster = join(home.path, 'fleet', 'roster.yaml')
  appendFileSync(roster, 'budget: {usd_per_day: 5}\n')
  const { status, of } = await examine(home)
  expect(status).toBe(EXIT.done)
  expect(of('roster')).toMatchObject([{ status: 'ok' }, { status: 'warn', detail: expect.stringContaining('this version: budget') }])
})

test('a run directory of the operator’s that others can write to is found, and left as it is', async () => {
  using home = new TemporaryHome()
  await home.run(['fleet', 'init', '--write'])
  const run = join(home.path, 'operators-run')
  mkdirSync(run)
  chmodSync(run, 0o1777)
  const env = { MOSAIC_HEARTBEAT_RUN_DIR: run }
  const { status, stdout } = await home.run(['fleet', 'doctor', '--fix', '--json'], { env })
  expect(status).toBe(EXIT.notDone)
  expect(stdout).toContain('can be written by others')
  expect(statSync(run).mode & 0o7777).toBe(0o1777)
})

test('a broken database is found without a change, and what was set aside until it is gone', async () => {
  using home = new TemporaryHome()
  await home.run(['fleet', 'init', '--write'])
  const spool = join(home.path, 'fleet', 'spool')
  mkdirSync(spool, { recursive: true, mode: 0o700 })
  expect((await examine(home)).of('databases')).toMatchObject([{ status: 'ok' }])
  const file = join(spool, 'spool.db')
  writeFileSync(file, 'garbage'.repeat(1_000))
  const broken = await examine(home, '--fix')
  expect(broken.status).toBe(EXIT.notDone)
  expect(broken.of('databases')).toMatchObject([{ status: 'fail', mend: 'mosaic fleet start', fixed: false }])
  expect(readdirSync(spool)).toEqual(['spool.db'])
  renameSync(file, `${file}.bad-20260102T150405Z`)
  const aside = await examine(home)
  expect(aside.status).toBe(EXIT.done)
  expect(aside.of('databases')).toMatchObject([{ status: 'warn', detail: expect.stringContaining('spool.db.bad-20260102T150405Z') }])
})

test('what stands in the place of a file is found and not waited for, and the other checks are made', async () => {
  using home = new TemporaryHome()
  await home.run(['fleet', 'init', '--write'])
  const at = (...names: string[]) => join(home.path, 'fleet', ...names)
  for (const name of ['log', 'run']) mkdirSync(at(name), { recursive: true, mode: 0o700 })
  rmSync(at('.roster.lock'), { force: true })
  rmSync(at('audit.jsonl'), { force: true })
  const planted = [at('log', 'mosaicd.log'), at('audit.jsonl'), at('.mosaicd.lock'), at('.roster.lock')]
  for (const path of planted) execFileSync('mkfifo', [path])
  for (const path of [at('run', 'mosaicd.sock'), at('run', 'PAUSED')]) mkdirSync(join(path, 'deep'), { recursive: true })
  rmSync(at('agents'), { recursive: true, force: true })
  writeFileSync(at('agents'), '')
  const { status, of } = await examine(home, '--fix')
  expect(status).toBe(EXIT.notDone)
  expect(of('files').map(({ mend }) => mend)).toEqual(
    [...planted, at('run', 'mosaicd.sock'), at('run', 'PAUSED')].map((path) => `move it away: mv ${path} ${path}.bad`),
  )
  expect(of('directory')).toMatchObject([{ status: 'fail', detail: `${at('agents')} is not a directory` }])
  expect(of('host service')).toMatchObject([{ status: 'fail', detail: expect.stringContaining('not a regular file') }])
  expect(existsSync(at('run', 'mosaicd.sock', 'deep'))).toBe(true)
})

test('a pause switch that is a directory is taken away when it is empty, and named when it is not', async () => {
  using home = new TemporaryHome()
  await home.run(['fleet', 'init', '--write'])
  const paused = join(home.path, 'fleet', 'run', 'PAUSED')
  mkdirSync(join(paused, 'deep'), { recursive: true, mode: 0o700 })
  const refused = await home.run(['fleet', 'resume'])
  expect(refused.status).toBe(EXIT.notDone)
  expect(refused.stderr).toContain(`${paused} cannot be removed`)
  rmSync(join(paused, 'deep'), { recursive: true })
  expect((await home.run(['fleet', 'resume'])).status).toBe(EXIT.done)
  expect(existsSync(paused)).toBe(false)
})

/** Programs of these names on PATH, which say this version, and what a fleet needs besides. */
function programs(home: TemporaryHome, versions: Readonly<Record<string, string>>): string {
  const bin = join(home.path, 'bin')
  mkdirSync(bin, { recursive: true })
  for (const [name, text] of Object.entries(versions)) {
    writeFileSync(join(bin, name), `#!/bin/sh\n${text}\n`)
    chmodSync(join(bin, name), 0o755)
  }
  return `${bin}:/usr/bin:/bin`
}

test('a runtime that is too old, or logged out, is told with its mend; an account by its own', async () => {
  using home = new TemporaryHome()
  await home.run(['fleet', 'init', '--write'])
  await home.run(['account', 'add', 'work', '--runtime', 'codex'])
  await home.run(['account', 'add', 'spare', '--runtime', 'codex'])
  const env = { PATH: programs(home, { claude: "echo '2.0.1 (Claude Code)'", codex: "echo 'codex-cli 0.169.0'" }) }
  const roster = join(home.path, 'fleet', 'roster.yaml')
  appendFileSync(
    roster,
    '  - {name: coder0, runtime: claude}\n  - {name: coder1, runtime: codex, account: work}\n  - {name: coder2, runtime: codex}\n',
  )
  const { stdout } = await home.run(['fleet', 'doctor', '--json'], { env })
  const { checks } = JSON.parse(stdout) as { checks: Finding[] }
  const of = (name: string) => checks.filter(({ check }) => check === name)
  expect(of('runtime claude')).toMatchObject([
    { status: 'fail', detail: expect.stringContaining('2.0.1 is too old'), mend: expect.stringContaining('npm') },
  ])
  expect(of('login codex')).toMatchObject([{ status: 'fail', mend: 'codex login' }])
  expect(of('account work')).toMatchObject([{ status: 'fail', mend: 'mosaic account login work' }])
  expect(of('account spare')).toMatchObject([{ status: 'note', detail: expect.stringContaining('no agent uses it') }])
  expect(of('login claude')).toEqual([])
})

test('a Claude Code that does not know the cap of its context is to heed', async () => {
  using home = new TemporaryHome()
  await home.run(['fleet', 'init', '--write'])
  appendFileSync(join(home.path, 'fleet', 'roster.yaml'), '  - {name: coder0, runtime: claude}\n')
  const capOf = async (more: string) => {
    const env = { PATH: programs(home, { claude: `echo '2.1.999 (Claude Code)' # ${more}` }), ANTHROPIC_API_KEY: 'k' }
    const { stdout } = await home.run(['fleet', 'doctor', '--json'], { env })
    return (JSON.parse(stdout) as { checks: Finding[] }).checks.filter(({ check }) => check === 'context cap')
  }
  expect(await capOf('')).toMatchObject([{ status: 'warn' }])
  expect(await capOf('CLAUDE_CODE_DISABLE_1M_CONTEXT autoCompactWindow')).toMatchObject([{ status: 'ok' }])
})
