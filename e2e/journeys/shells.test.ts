import { existsSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { commandDirectory } from '@mosaic/host/programs'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Ended, FleetUnderTest, TWO_STUBS } from '../fleet-under-test.ts'
import { PersonTerminal } from './person-terminal.ts'
import { runProgram } from './run-program.ts'

let fleet: FleetUnderTest

beforeAll(async () => {
  fleet = await FleetUnderTest.make({ roster: `${TWO_STUBS}  - name: coder0\n` })
  await fleet.ok(['fleet', 'up'])
})
afterAll(() => fleet[Symbol.asyncDispose]())

/** A script for bash in which `mosaic` is this build. */
const bash = (script: string, env: Readonly<Record<string, string>> = {}): Promise<Ended> =>
  runProgram('bash', ['--noprofile', '--norc', '-c', script], {
    cwd: fleet.home.home,
    env: { ...fleet.home.env, PATH: `${commandDirectory}:${fleet.home.env['PATH']}`, ...env },
  })

describe('completion in bash', () => {
  /** What bash would offer for the last of these words. */
  async function offered(...words: string[]): Promise<string[]> {
    const quoted = words.map((word) => `'${word.replaceAll("'", `'\\''`)}'`).join(' ')
    const script = `source <(mosaic completion bash); COMP_WORDS=(${quoted}); COMP_CWORD=${words.length - 1}; _mosaic; printf '%s\\n' "\${COMPREPLY[@]}"`
    const { status, stdout, stderr } = await bash(script)
    expect([status, stderr]).toEqual([0, ''])
    return stdout.split('\n').filter(Boolean)
  }

  it('offers nouns, verbs, options, their choices and the agents of this fleet', async () => {
    expect(await offered('mosaic', 'fl')).toEqual(['fleet'])
    expect((await offered('mosaic', 'fleet', 'st')).sort()).toEqual(['start', 'status', 'stop'])
    expect((await offered('mosaic', 'agent', 'send', '')).sort()).toEqual(expect.arrayContaining(['coder0', 'enhancer', 'orchestrator']))
    expect(await offered('mosaic', 'agent', 'watch', 'co')).toEqual(['coder0'])
    expect(await offered('mosaic', 'fleet', 'up', '--prof')).toEqual(['--profile'])
    expect(await offered('mosaic', 'fleet', 'add', 'x', '--runtime', 'p')).toEqual(['pi'])
  })

  it('offers files where a file is meant, also with spaces', async () => {
    mkdirSync(join(fleet.home.home, 'my notes'))
    expect(await offered('mosaic', 'fleet', 'add', 'x', '--cwd', 'my')).toEqual(['my notes'])
  })

  it('evaluates nothing that was typed', async () => {
    for (const word of ['$(touch pwned)', '`touch pwned`', "'; touch pwned; '", '--message=$(touch pwned)']) {
      await offered('mosaic', 'agent', 'send', word)
      await offered('mosaic', word, '')
    }
    expect(existsSync(join(fleet.home.home, 'pwned'))).toBe(false)
  })

  it('completes on the line of a person', async () => {
    await using terminal = await PersonTerminal.open(fleet, { columns: 80, rows: 24 })
    await terminal.start('source <(mosaic completion bash)')
    expect(await terminal.ended()).toBe(0)
    await terminal.write('mosaic agent wat')
    await terminal.press('Tab')
    await terminal.shows(/mosaic agent watch$/m)
    await terminal.write('enh')
    await terminal.press('Tab')
    await terminal.shows('mosaic agent watch enhancer')
    await terminal.press('C-c')
  })
})

describe('an answer', () => {
  it.each([
    'fleet ps',
    'fleet ps --json',
    'fleet ps --watch --interval 0.1',
    'agent tail orchestrator -n 500',
    'schema --json',
    '--help',
    'fleet up --help',
  ])('of which only the start is read is no error: %s', async (words) => {
    const { stdout, stderr } = await bash(`mosaic ${words} | head -n 1; echo "status \${PIPESTATUS[0]}"`)
    expect(stderr).toBe('')
    expect(stdout).toMatch(/^.+\nstatus 0\n$/)
  })

  it('that nobody wants to have is still the exit status', async () => {
    expect(await bash('mosaic fleet ps >&-')).toEqual({ status: 0, stdout: '', stderr: '' })
    expect(await bash('mosaic fleet ps nobody >&- 2>&-')).toEqual({ status: 3, stdout: '', stderr: '' })
    expect(await bash('mosaic fleet verify <&-')).toMatchObject({ status: 0, stderr: '' })
  })

  it('that cannot be written is not done', async () => {
    for (const words of ['fleet ps', 'fleet ps --json', 'agent send coder0 --message x --verify']) {
      const { status, stderr } = await bash(`mosaic ${words} >/dev/full`)
      // What takes long says so.
      const said = stderr.replace('waiting for coder0 to accept\n', '')
      expect([words, status, said]).toEqual([words, 1, 'mosaic: the answer could not be written: ENOSPC\n'])
    }
  })

  it('comes also from a directory that is gone, and without HOME', async () => {
    expect((await bash('mkdir gone && cd gone && rmdir ../gone && mosaic fleet ps')).stdout).toContain('3 healthy')
    expect((await bash('unset HOME; mosaic fleet ps')).stdout).toContain('3 healthy')
    const { status, stderr } = await bash('mkdir gone && cd gone && rmdir ../gone && mosaic fleet add x --cwd .')
    expect(status).toBe(1)
    expect(stderr).toContain('the directory that this shell is in does not exist any more')
  })
})

describe('a terminal', () => {
  const COLOURED = /\u001b\[\d+m/

  /** What the verb wrote to a terminal of that size. */
  async function written(words: string, columns: number, env: Readonly<Record<string, string>> = {}): Promise<string> {
    await using terminal = await PersonTerminal.open(fleet, { columns, rows: 30 })
    const settings = Object.entries(env).map(([name, value]) => `${name}=${value} `)
    await terminal.start(`echo BEGINS; ${settings.join('')}mosaic ${words} 2>/dev/null; echo ENDS`)
    await terminal.ended()
    return terminal.wrote(/BEGINS\r\n([\s\S]*)ENDS\r\n/)
  }

  it('has colour, unless NO_COLOR or a dumb terminal is against it', async () => {
    expect(await written('fleet ps', 80)).toMatch(COLOURED)
    expect(await written('fleet ps', 80, { NO_COLOR: '1' })).not.toMatch(COLOURED)
    expect(await written('fleet ps', 80, { TERM: 'dumb' })).not.toMatch(COLOURED)
    expect((await bash('mosaic fleet ps', { FORCE_COLOR: '1', CLICOLOR_FORCE: '1' })).stdout).not.toMatch(COLOURED)
  })

  it.each([24, 40, 80])('of %d columns is never overrun by a table', async (columns) => {
    const verbs = ['fleet ps', 'fleet status', 'agent roster', 'agent list', 'fleet start']
    const text = (await written(verbs.join('; mosaic '), columns, {})).replaceAll(/\u001b\[\d+m/g, '').replaceAll('\r\n', '\n')
    expect(text.match(/^NAME\b/gm)).toHaveLength(verbs.length)
    for (const line of text.split('\n')) expect([line, [...line].length <= columns]).toEqual([line, true])
  })

  it('that is a pipe gets every name whole', async () => {
    expect((await bash('mosaic fleet ps', { COLUMNS: '20' })).stdout).toMatch(/^orchestrator +orchestrator +stub/m)
  })
})
