import { execFileSync } from 'node:child_process'
import { lstatSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { ERROR_CODES, EXIT_STATUS } from '@mosaic/domain/error'
import { describe, expect, test } from 'vitest'
import { EXIT, EXIT_MEANINGS, exitStatusOf } from './exit-codes.ts'
import { buildProgram } from './program.ts'
import { TemporaryHome } from './test-run.ts'
import { HIDDEN_VERBS, NOUNS, PLAIN_VERBS } from './verbs.ts'
import { VERSION } from './version.ts'

const paths = [
  ...Object.entries(NOUNS).flatMap(([noun, { verbs }]) => Object.keys(verbs).map((verb) => `${noun} ${verb}`)),
  ...Object.keys(PLAIN_VERBS),
]

test('the exit statuses are those of the error codes, each with a meaning', () => {
  for (const code of ERROR_CODES) expect(exitStatusOf(code)).toBe(EXIT_STATUS[code])
  expect(EXIT).toEqual({ done: 0, notDone: 1, usage: 2, notFound: 3, refused: 4, missing: 5, interrupted: 130 })
  expect(EXIT_MEANINGS.map(([status]) => status)).toEqual(Object.values(EXIT))
})

test('the version is that of the package', async () => {
  using home = new TemporaryHome()
  const manifest = JSON.parse(readFileSync(join(import.meta.dirname, '..', 'package.json'), 'utf8')) as { version: string }
  expect(VERSION).toBe(manifest.version)
  expect(await home.run(['--version'])).toEqual({ status: 0, stdout: `${VERSION}\n`, stderr: '' })
})

describe('help', () => {
  test.each(paths)('of %s has an example, the shared options, and fits 80 columns', async (path) => {
    using home = new TemporaryHome()
    const { status, stdout, stderr } = await home.run([...path.split(' '), '--help'], { terminal: { columns: 80, rows: 24 } })
    expect(status).toBe(0)
    expect(stderr).toBe('')
    expect(stdout).toContain(`Usage: mosaic ${path}`)
    expect(stdout).toMatch(/Examples:\n {2}\$ /)
    for (const option of ['--json', '--mosaic-home', '--roster', '--help']) expect(stdout).toContain(option)
    const [reference = ''] = stdout.split('Examples:')
    for (const line of reference.split('\n')) expect(line.length, line).toBeLessThanOrEqual(80)
  })

  test.each([
    [['help', 'fleet', 'ps'], 'Usage: mosaic fleet ps'],
    [['fleet', 'help', 'ps'], 'Usage: mosaic fleet ps'],
    [['help', 'agent'], 'Usage: mosaic agent'],
    [['agent', '--new', '--help'], 'Usage: mosaic agent new'],
    [['--json', 'agent', '--list', '--help'], 'Usage: mosaic agent list'],
  ])('is shown for %j', async (argv, expected) => {
    using home = new TemporaryHome()
    const { status, stdout } = await home.run(argv)
    expect(status).toBe(0)
    expect(stdout).toContain(expected)
  })

  test('goes to stderr, with the status of usage, when a verb is missing', async () => {
    using home = new TemporaryHome()
    for (const argv of [[], ['fleet'], ['agent']]) {
      const { status, stdout, stderr } = await home.run(argv)
      expect(status).toBe(EXIT.usage)
      expect(stdout).toBe('')
      expect(stderr).toContain('Usage: mosaic')
    }
  })

  test('does not show what only completion scripts call', async () => {
    using home = new TemporaryHome()
    const { stdout } = await home.run(['--help'])
    for (const hidden of Object.keys(HIDDEN_VERBS)) expect(stdout).not.toMatch(new RegExp(`^  ${hidden} `, 'm'))
  })
})

describe('wrong words', () => {
  test.each([
    [['fleet', 'pss'], 'Did you mean ps?'],
    [['fleet', 'ps', '--wid'], 'Did you mean --wide?'],
    [['fleet', 'comms-block'], 'mosaic fleet comms-block --help'],
    [['fleet', 'add', 'x', '--runtime', 'vim'], 'mosaic fleet add --help'],
    [['fleet', 'ps', '--watch', '--interval', 'soon'], 'e.g. --interval 10'],
    [['agent', 'tail', 'x', '-n', '1.5'], 'e.g. --lines 10'],
    [['fleet', 'pause', 'coder0'], 'mosaic fleet pause --help'],
  ])('%j are a matter of usage, with a hint', async (argv, hint) => {
    using home = new TemporaryHome()
    const { status, stdout, stderr } = await home.run(argv)
    expect(status).toBe(EXIT.usage)
    expect(stdout).toBe('')
    expect(stderr).toContain(hint)
    expect(stderr).not.toContain('    at ')
  })

  test('are one JSON document on stdout where JSON was asked for', async () => {
    using home = new TemporaryHome()
    for (const argv of [
      ['fleet', 'ps', '--json', '--bogus'],
      ['--json', 'nothing'],
      ['fleet', '--json', 'ps', '--interval', 'x'],
      ['agent', 'list', '--json'],
    ]) {
      const { status, stdout } = await home.run(argv)
      expect(status).not.toBe(0)
      const document = JSON.parse(stdout) as { error: Record<string, unknown> }
      expect(Object.keys(document.error)).toEqual(['code', 'message', 'where', 'mend', 'reason'])
    }
  })
})

test('shared options are taken before the noun, before the verb and behind it', async () => {
  using home = new TemporaryHome()
  using other = new TemporaryHome()
  for (const argv of [
    ['--mosaic-home', other.path, 'fleet', 'ps'],
    ['fleet', '--mosaic-home', other.path, 'ps'],
    ['fleet', 'ps', `--mosaic-home=${other.path}`],
  ]) {
    expect((await home.run(argv)).stderr).toContain(other.path)
  }
})

test('a mend works as it is printed: with the places that were given as options', async () => {
  using home = new TemporaryHome()
  using other = new TemporaryHome()
  const places = ['--mosaic-home', other.path, '--roster', join(other.path, 'r.yaml')]
  const start = `mosaic --mosaic-home ${other.path} --roster ${join(other.path, 'r.yaml')}`
  expect((await home.run(['fleet', 'ps', ...places])).stderr).toContain(`mend:  ${start} fleet up\n`)
  const { stdout } = await home.run(['fleet', 'ps', '--json', ...places])
  expect(JSON.parse(stdout)).toMatchObject({ error: { mend: `${start} fleet up` } })
  expect((await home.run(['fleet', 'init', '--write', ...places])).stdout).toContain(`Next: ${start} fleet up\n`)
  expect((await home.run(['fleet', 'ps'])).stderr).toContain('mend:  mosaic fleet up\n')
})

test('what is printed to be stored stays as it is, whatever options lead to it', async () => {
  using home = new TemporaryHome()
  const places = ['--mosaic-home', home.path]
  await home.run(['fleet', 'init', '--write'])
  for (const words of [
    ['fleet', 'comms-block', 'orchestrator'],
    ['completion', 'bash'],
    ['fleet', 'init', '--profile', 'coding'],
  ]) {
    expect((await home.run([...words, ...places])).stdout).toBe((await home.run(words)).stdout)
  }
})

describe('a roster without agents', () => {
  test.each([
    ['fleet up', EXIT.notDone],
    ['fleet start', EXIT.notDone],
    ['fleet restart', EXIT.notDone],
    ['fleet verify', EXIT.notDone],
    ['fleet ps', EXIT.done],
    ['fleet status', EXIT.done],
    ['fleet stop', EXIT.done],
    ['agent list', EXIT.done],
    ['agent roster', EXIT.done],
    ['agent status', EXIT.done],
  ])('has %s say what to do, which works', async (line, expected) => {
    using home = new TemporaryHome()
    const roster = join(home.path, 'fleet', 'roster.yaml')
    await home.run(['fleet', 'init', '--write'])
    writeFileSync(roster, `version: 1\ntmux: {socket_name: mosaictest-${process.pid}}\nagents: []\n`)
    const { status, stdout, stderr } = await home.run(line.split(' '))
    expect(status).toBe(expected)
    expect(stdout + stderr).toContain('mosaic fleet add orchestrator --runtime stub')
    expect((await home.run(['fleet', 'add', 'orchestrator', '--runtime', 'stub'])).status).toBe(EXIT.done)
    expect((await home.run(['agent', 'list'])).stdout).toContain('orchestrator')
  })

  test('has fleet add ask for a runtime where nothing says one', async () => {
    using home = new TemporaryHome()
    await home.run(['fleet', 'init', '--write'])
    writeFileSync(join(home.path, 'fleet', 'roster.yaml'), 'version: 1\nagents: []\n')
    const { status, stderr } = await home.run(['fleet', 'add', 'coder0'])
    expect(status).toBe(EXIT.usage)
    expect(stderr).toContain('e.g. --runtime stub')
  })
})

describe('what is no file in the place of the roster', () => {
  const kinds: readonly [string, (path: string) => unknown][] = [
    ['a directory', (path) => mkdirSync(path)],
    ['a pipe', (path) => execFileSync('mkfifo', [path])],
    ['a device', (path) => symlinkSync('/dev/null', path)],
  ]
  test.each(kinds)('%s is neither read nor replaced, and that is said', async (kind, make) => {
    using home = new TemporaryHome()
    const roster = join(home.path, 'r.yaml')
    make(roster)
    for (const line of ['fleet init --write --force', 'fleet up', 'agent send coder0 --message hi']) {
      const { status, stderr } = await home.run([...line.split(' '), '--roster', roster])
      expect(stderr, line).toContain(
        `the roster is to be a file, and ${kind} stands in its place\n  where: ${roster}\n  mend:  move it away`,
      )
      expect(status).toBe(EXIT.usage)
    }
    expect(lstatSync(roster).isFile()).toBe(false)
  })
})

test('an option of another level is not mistaken for the value of a message', async () => {
  using home = new TemporaryHome()
  for (const text of ['--json', '--version', '--help', '-h', '--', '-x', '--mosaic-home']) {
    const { status, stdout, stderr } = await home.run(['agent', 'send', 'x', '--message', text])
    expect({ text, status, stdout }).toEqual({ text, status: EXIT.notFound, stdout: '' })
    expect(stderr).toContain('no roster')
  }
})

test('an unforeseen error goes to the log, and the user gets its path', async () => {
  using home = new TemporaryHome()
  const stdin = new Readable({
    read() {
      this.destroy(new Error('inner detail'))
    },
  })
  const { status, stdout, stderr } = await home.run(['agent', 'send', 'x', '--verify'], { stdin })
  const log = join(home.path, 'fleet', 'log', 'cli.log')
  expect({ status, stdout }).toEqual({ status: 1, stdout: '' })
  expect(stderr).toBe(`mosaic: internal error\n  mend:  look into ${log}\n`)
  expect(readFileSync(log, 'utf8')).toMatch(/mosaic agent send x\nError: inner detail\n {4}at /)
})

test('an interrupt ends a waiting verb with what goes on without it', async () => {
  using home = new TemporaryHome()
  await home.run(['fleet', 'init', '--write'])
  const ending = new AbortController()
  ending.abort({ because: 'interrupt', status: 130 })
  const { status, stderr, stdout } = await home.run(['agent', 'list', '--json'], { ending: ending.signal })
  expect(status).toBe(EXIT.interrupted)
  expect(stderr).toBe('')
  expect(JSON.parse(stdout)).toMatchObject({ error: { reason: 'interrupted' } })
})

test('every verb is declared exactly once and has a summary', async () => {
  const sink = { write: () => true }
  const program = buildProgram({ version: VERSION, stdout: sink, stderr: sink, act: async () => {} })
  const all = await program.declareAll()
  expect([...all.keys()].filter((path) => !all.get(path)?.hidden)).toEqual(paths)
  for (const { command } of all.values()) {
    expect(command.summary()).not.toBe('')
    expect(command.description()).toMatch(/\.$/)
    const flags = command.options.map(({ flags }) => flags)
    expect(new Set(flags).size).toBe(flags.length)
  }
})
