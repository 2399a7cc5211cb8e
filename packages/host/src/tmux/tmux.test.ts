import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { FleetError } from '@mosaic/domain/error'
import { describe, expect, test } from 'vitest'
import { ownServer } from './fixtures/own-server.ts'
import { paneTarget, sessionTarget, Tmux } from './tmux.ts'
import { tmuxFailure } from './tmux-failure.ts'
import { assertTmuxVersion, parseTmuxVersion } from './tmux-version.ts'

const refusal = async (act: Promise<unknown>): Promise<FleetError> => {
  const error = await act.then(
    () => undefined,
    (thrown: unknown) => thrown,
  )
  if (error instanceof FleetError) return error
  throw new Error('no FleetError was thrown', { cause: error })
}

/** A program named `tmux` in a directory of its own, which is then the whole PATH. */
function standIn(directory: string, script: string, timeoutMs = 60_000): Tmux {
  const bin = join(directory, 'bin')
  mkdirSync(bin)
  writeFileSync(join(bin, 'tmux'), `#!/bin/sh\n${script}\n`, { mode: 0o755 })
  return new Tmux({ socketName: 'mosaictest-none', env: { PATH: bin }, timeoutMs })
}

describe('a call of tmux', () => {
  test('without tmux names the package that brings it', async () => {
    const error = await refusal(new Tmux({ socketName: 'mosaictest-none', env: { PATH: '/nonexistent' } }).run([['list-sessions']]))
    expect(error.code).toBe('missing')
    expect(error.mend).toContain('apt-get install tmux')
  })

  test('ends when the server hangs', async () => {
    await using server = ownServer()
    const error = await refusal(standIn(server.directory, '/bin/sleep 600 & wait', 300).run([['list-sessions']]))
    expect(error.reason).toBe('tmux-hung')
  })

  test('ends when it says more than the bound', async () => {
    await using server = ownServer()
    const error = await refusal(standIn(server.directory, 'while :; do echo yyyyyyyyyyyyyyyy; done').run([['x']], { maxBytes: 1000 }))
    expect(error.reason).toBe('too-large')
  })

  test('sees "access not allowed" although tmux then exits with 0', async () => {
    await using server = ownServer()
    const error = await refusal(standIn(server.directory, 'echo access not allowed >&2').run([['list-sessions']]))
    expect(error).toMatchObject({ code: 'refused', reason: 'tmux-denied' })
  })

  test('never starts a server unless it is told to', async () => {
    await using server = ownServer()
    const { failure } = await server.tmux.run([['new-session', '-d', '-s', 'stray']])
    expect(failure?.kind).toBe('absent')
    expect((await server.tmux.run([['list-sessions']])).failure?.kind).toBe('absent')
  })

  test('hands over arguments as they are, also those that end in a semicolon', async () => {
    await using server = ownServer()
    await server.host.open()
    for (const value of ['plain;', ';', ';;', '\\;', 'a\\\\;', "it's", '$HOME', '#{pid}', '{', 'ünï😀', 'tab\there', '']) {
      await server.ask('set-option', '-t', '=mosaic-holder:', '@probe', value)
      const { stdout } = await server.tmux.run([['show-options', '-v', '-t', '=mosaic-holder:', '@probe']])
      expect(stdout).toBe(`${value}\n`)
    }
  })

  test('prints characters beyond ASCII although the caller has the C locale', async () => {
    await using server = ownServer()
    await server.host.open()
    const tmux = new Tmux({ socketName: server.tmux.socketName, env: { PATH: process.env['PATH'], LANG: 'C', LC_ALL: 'C' } })
    expect((await tmux.run([['display-message', '-p', 'ü\t😀']])).stdout).toBe('ü\t😀\n')
  })

  test('does not follow TMUX into the server that the caller sits in', async () => {
    await using server = ownServer()
    await server.host.open()
    const env = { ...process.env, TMUX: '/nonexistent/socket,1,0', TMUX_PANE: '%0', SECRET_TOKEN: 'x' }
    const tmux = new Tmux({ socketName: server.tmux.socketName, env })
    expect((await tmux.run([['display-message', '-p', '#{socket_path}']])).stdout).toBe(`${server.tmux.socketPath}\n`)
  })

  test('keeps the caller’s variables out of the server', async () => {
    await using server = ownServer()
    process.env['MOSAICTEST_SECRET'] = 'x'
    try {
      await server.host.open()
    } finally {
      delete process.env['MOSAICTEST_SECRET']
    }
    expect(await server.ask('show-environment', '-g')).not.toContain('MOSAICTEST_SECRET')
  })

  test('asks for a version once and knows the installed one', async () => {
    await using server = ownServer()
    expect(await server.tmux.version()).toMatch(/^tmux /)
    const counting = standIn(server.directory, `echo x >>${server.directory}/calls; echo tmux 3.2a`)
    await counting.version()
    await counting.version()
    expect(readFileSync(join(server.directory, 'calls'), 'utf8')).toBe('x\n')
  })
})

describe('the version of tmux', () => {
  test('is read from releases, candidates and builds', () => {
    expect(parseTmuxVersion('tmux 3.3a')).toEqual([3, 3])
    expect(parseTmuxVersion('tmux next-3.10')).toEqual([3, 10])
    expect(parseTmuxVersion('tmux master')).toBeUndefined()
  })

  test('is refused when too old, with the command that mends it', () => {
    for (const text of ['tmux 3.1c', 'tmux 2.9']) expect(() => assertTmuxVersion(text)).toThrow(/too old/)
    for (const text of ['tmux 3.2', 'tmux 4.0', 'tmux master', 'tmux openbsd-7.6']) assertTmuxVersion(text)
  })
})

describe('the words of tmux', () => {
  test.each([
    ['no server running on /tmp/tmux-0/x', 'absent'],
    ['error connecting to /tmp/tmux-0/x (No such file or directory)', 'absent'],
    ['error connecting to /tmp/tmux-0/x (Connection refused)', 'absent'],
    ['error connecting to /tmp/tmux-0/x (Permission denied)', 'denied'],
    ['server exited unexpectedly', 'dying'],
    ['lost server', 'dying'],
    ["can't find session: a", 'no-target'],
    ['duplicate session: a', 'duplicate'],
    ['protocol version mismatch (client 8, server 7)', 'mismatch'],
    ['unknown command: x', 'other'],
  ])('"%s" means %s', (text, kind) => {
    expect(tmuxFailure(1, text)?.kind).toBe(kind)
  })

  test('a warning of a call that succeeded is no failure', () => {
    expect(tmuxFailure(0, 'duplicate session: a')).toBeUndefined()
    expect(tmuxFailure(0, 'access not allowed')?.kind).toBe('denied')
  })
})

test('a target cannot be made of a name that tmux would read differently', () => {
  expect(sessionTarget('coder0')).toBe('=coder0:')
  expect(paneTarget('coder0')).toBe('=coder0:0.0')
  for (const name of ['a:1', 'a.b', '=a', '', '-t', '$1', '%1', 'a*', 'a b', 'a;']) expect(() => paneTarget(name)).toThrow(FleetError)
  expect(() => new Tmux({ socketName: '../x' })).toThrow(FleetError)
})
