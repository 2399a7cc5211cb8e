/** What tmux is known to do to a fleet, each with the proof that it does not do it to this one. */

import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { chmodSync, chownSync, linkSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { until } from '@mosaic/testkit/until'
import { describe, expect, test } from 'vitest'
import { processState } from '../processes.ts'
import { HOLDER, lister, manyClients, type OwnServer, ownServer, rawReader } from './fixtures/own-server.ts'
import { Tmux } from './tmux.ts'
import { TmuxSessionHost } from './tmux-session-host.ts'

const serverPid = async (server: OwnServer) => Number(await server.ask('display-message', '-p', '#{pid}'))
const numbers = (count: number) => Array.from({ length: count }, (_, index) => index)
const named = async (server: OwnServer, session: string) => (await server.host.list()).find((pane) => pane.session === session)

describe('a global "window-size manual" crashes the server at the next new session', () => {
  test('it is never set, and twenty more agents start', async () => {
    await using server = ownServer()
    await server.host.open()
    const pid = await serverPid(server)
    for (const index of numbers(21)) await server.start(`agent-${index}`, ['cat'])
    expect(await serverPid(server)).toBe(pid)
    expect(await server.host.list()).toHaveLength(21)
    expect(await server.ask('show-options', '-gwv', 'window-size')).toBe('latest')
  })

  test('where the operator has set it, an agent is refused and the server lives', async () => {
    await using server = ownServer()
    await server.start('first', ['cat'])
    const pid = await serverPid(server)
    await server.ask('set-option', '-gw', 'window-size', 'manual')
    await expect(server.start('second', ['cat'])).rejects.toMatchObject({ code: 'refused', reason: 'tmux-window-size' })
    await expect(new TmuxSessionHost(server.tmux, 'another-holder').open()).rejects.toMatchObject({ reason: 'tmux-window-size' })
    expect(await serverPid(server)).toBe(pid)
    expect(await server.host.list()).toHaveLength(1)
  })
})

describe('a paste into a dead pane crashes the server', () => {
  test('it is refused, nothing is left behind, and the server lives', async () => {
    await using server = ownServer()
    const { sessionId } = await server.start('coder0', ['sh', '-c', 'exit 3'])
    const pid = await serverPid(server)
    await until(async () => (await named(server, 'coder0'))?.alive === false)
    for (const _ of numbers(5)) {
      expect(await server.host.paste('coder0', sessionId, 'x')).toEqual({ outcome: 'refused', because: 'dead' })
    }
    expect(await server.ask('list-buffers')).toBe('')
    expect(await serverPid(server)).toBe(pid)
  })

  test('also when the pane dies while messages are on their way', async () => {
    await using server = ownServer()
    await server.host.open()
    const pid = await serverPid(server)
    for (const round of numbers(10)) {
      const pane = await server.start(`agent-${round}`, ['cat'])
      const pastes = numbers(8).map(() => server.host.paste(pane.session, pane.sessionId, 'x'.repeat(20_000)))
      process.kill(pane.pid, 'SIGKILL')
      for (const result of await Promise.all(pastes)) expect(result.outcome === 'pasted' || result.because === 'dead').toBe(true)
    }
    expect(await serverPid(server)).toBe(pid)
    expect(await server.ask('list-buffers')).toBe('')
  })
})

describe('a viewer resizes the window of a detached agent', () => {
  test.each([
    [['attach-session']],
    [['attach-session', '-r']],
    [['attach-session', '-f', 'read-only,ignore-size']],
    [['-C', 'attach-session']],
  ])('%j does not', async (verb) => {
    await using server = ownServer()
    await using screen = ownServer()
    await server.start('coder0', ['cat'])
    const argv = ['tmux', '-u', '-L', server.tmux.socketName ?? '', ...verb, '-t', '=coder0:']
    await screen.start('viewer', ['env', '-u', 'TMUX', 'TERM=screen', ...argv], { width: 80, height: 24 })
    await until(async () => (await server.ask('list-clients', '-F', 'x')) !== '')
    // What an attaching client does to sizes is done before the server answers the next one.
    expect(await named(server, 'coder0')).toMatchObject({ width: 200, height: 50 })
    await screen.host.kill('viewer')
    await until(async () => (await server.ask('list-clients', '-F', 'x')) === '')
    expect(await named(server, 'coder0')).toMatchObject({ width: 200, height: 50 })
  })
})

describe('a pane’s death can go unnoticed', () => {
  test('sixty, one after the other, are all seen with their status', async () => {
    await using server = ownServer()
    for (const index of numbers(60)) await server.start(`agent-${index}`, ['sh', '-c', `read x; exit ${index + 1}`])
    for (const index of numbers(60)) {
      await server.ask('send-keys', '-t', `=agent-${index}:0.0`, 'Enter')
      // No other child ends meanwhile, whose end would make tmux look.
      await until(async () => (await named(server, `agent-${index}`))?.exitStatus === index + 1, { what: `the end of agent ${index}` })
    }
  })

  test('sixty that are killed at once too', async () => {
    await using server = ownServer()
    for (const index of numbers(60)) await server.start(`agent-${index}`, ['cat'])
    const pids = (await server.host.list()).map(({ pid }) => pid)
    for (const pid of pids) process.kill(pid, 'SIGKILL')
    await until(() => pids.every((pid) => processState(pid) !== 'running'))
    const ends = await until(async () => {
      const panes = await server.host.list()
      return panes.every(({ alive, exitSignal }) => !alive && exitSignal !== null) && panes
    })
    expect(ends.map(({ exitSignal }) => exitSignal)).toEqual(numbers(60).map(() => 9))
  })

  test('a process that only leaves its terminal is not waited for again and again', async () => {
    await using server = ownServer()
    const { pid } = await server.start('coder0', ['sh', '-c', 'trap "" HUP; exec sleep 1000 </dev/null >/dev/null 2>&1'])
    try {
      const pane = await until(async () => {
        const seen = await named(server, 'coder0')
        return seen?.alive === false && seen
      })
      expect(pane).toMatchObject({ exitStatus: null, exitSignal: null, pid })
    } finally {
      process.kill(pid, 'SIGKILL')
    }
    await until(async () => (await named(server, 'coder0'))?.exitSignal === 9)
  })
})

test('without a UTF-8 locale tmux prints "_" for what is not ASCII: titles are whole all the same', async () => {
  await using server = ownServer()
  const tmux = new Tmux({ socketName: server.tmux.socketName, env: { PATH: process.env['PATH'], LANG: 'C', LC_ALL: 'C' } })
  const host = new TmuxSessionHost(tmux, HOLDER)
  await host.create({
    session: 'coder0',
    argv: ['sh', '-c', 'printf "\\033]2;tïtle 😀\\007ü漢"; cat'],
    cwd: '/',
    width: 80,
    height: 24,
    mark: 'm',
  })
  await until(async () => (await host.list())[0]?.title === 'tïtle 😀')
  expect(await host.capture('coder0')).toMatch(/^ü漢/)
})

test('kill-server hangs when the reader of several control clients dies at that moment: it ends', async () => {
  for (const _ of numbers(5)) {
    await using server = ownServer()
    await server.start('coder0', ['cat'])
    const pid = await serverPid(server)
    const [node = '', ...argv] = manyClients(server.tmux.socketName ?? '', 'coder0', 8)
    const reader = spawn(node, argv, { stdio: ['ignore', 'pipe', 'inherit'] })
    await new Promise((resolve) => reader.stdout.once('data', resolve))
    reader.kill('SIGKILL')
    await server.tmux.run([['kill-server']])
    await until(() => processState(pid) !== 'running', { what: 'the end of the server' })
    await ended(reader)
  }
})

const ended = (child: ChildProcess) =>
  child.exitCode !== null || child.signalCode !== null
    ? Promise.resolve()
    : new Promise<void>((resolve) => child.once('exit', () => resolve()))

test('a target matches by prefix: the agent whose name begins like another’s is not hit for it', async () => {
  await using server = ownServer()
  const { sessionId } = await server.start('agent-2', ['cat'])
  expect(await server.host.kill('agent-')).toBe(false)
  expect(await server.host.kill('agent')).toBe(false)
  expect(await server.host.paste('agent-', sessionId, 'x')).toEqual({ outcome: 'refused', because: 'no-session' })
  await expect(server.host.capture('agent-')).rejects.toMatchObject({ code: 'not_done', reason: 'no-session' })
  await server.start('agent-', ['cat'])
  expect(await server.host.kill('agent-')).toBe(true)
  expect(await named(server, 'agent-2')).toMatchObject({ sessionId, alive: true })
})

test('tmux starts a second server where there is none: an agent’s session never stands without the holder', async () => {
  await using server = ownServer()
  await server.start('coder0', ['cat'])
  expect((await server.ask('list-sessions', '-F', '#{session_name}')).split('\n').sort()).toEqual(['coder0', HOLDER])
  await server.ask('kill-session', '-t', `=${HOLDER}:`)
  await server.start('coder1', ['cat'])
  expect((await server.ask('list-sessions', '-F', '#{session_name}')).split('\n').sort()).toEqual(['coder0', 'coder1', HOLDER])
  await server.tmux.run([['kill-server']])
  for (const act of [server.host.list(), server.host.kill('coder0'), server.host.close()]) await act
  expect((await server.tmux.run([['list-sessions']])).failure?.kind).toBe('absent')
})

test('a server that is being killed takes the next call with it: the session is made on its successor', async () => {
  await using server = ownServer()
  for (const round of numbers(15)) {
    await server.host.open()
    const [pane] = await Promise.all([
      server.tmux.run([['kill-server']]).then(() => server.start(`agent-${round}`, ['cat'])),
      server.host.list(),
    ])
    expect(pane).toBeDefined()
    expect((await named(server, `agent-${round}`))?.alive).toBe(true)
  }
})

test('"access not allowed" exits with 0: another user is refused, not shown an empty fleet', async (context) => {
  if (process.getuid?.() !== 0) context.skip('only root can be another user')
  await using server = ownServer()
  await server.start('coder0', ['cat'])
  const shared = mkdtempSync(join(tmpdir(), 'mosaictest-'))
  try {
    chmodSync(shared, 0o755)
    const nobody = 65534
    const directory = join(shared, `tmux-${nobody}`)
    mkdirSync(directory, { mode: 0o700 })
    chownSync(directory, nobody, nobody)
    chmodSync(server.tmux.socketPath, 0o666)
    linkSync(server.tmux.socketPath, join(directory, server.tmux.socketName ?? ''))
    const argv = ['--reuid', String(nobody), '--regid', String(nobody), '--clear-groups', ...lister(server.tmux.socketName ?? '')]
    const { stdout } = await promisify(execFile)('setpriv', argv, { env: { ...process.env, TMUX_TMPDIR: shared } })
    expect(JSON.parse(stdout)).toMatchObject({ code: 'refused', reason: 'tmux-denied' })
  } finally {
    rmSync(shared, { recursive: true, force: true })
  }
})

test('senders to one pane interleave: eight at once, five times three kilobytes each, arrive whole', async () => {
  await using server = ownServer()
  const file = join(server.directory, 'log')
  const { sessionId } = await server.start('coder0', rawReader(file))
  await until(async () => (await server.host.capture('coder0')).includes('reader ready'))
  const texts = numbers(8).map((sender) => numbers(5).map((round) => `${sender}-${round};\n`.repeat(500)))
  await Promise.all(
    texts.map(async (own) => {
      const host = new TmuxSessionHost(new Tmux({ socketName: server.tmux.socketName, timeoutMs: 30_000 }), HOLDER)
      for (const text of own) expect(await host.paste('coder0', sessionId, text)).toEqual({ outcome: 'pasted' })
    }),
  )
  const read = await until(() => {
    const lines = readFileSync(file, 'utf8').trimEnd().split('\n')
    return lines.length === 40 && lines.map((line) => JSON.parse(line) as string)
  })
  expect([...read].sort()).toEqual(texts.flat().sort())
  for (const own of texts) expect(read.filter((text) => own.includes(text))).toEqual(own)
})
