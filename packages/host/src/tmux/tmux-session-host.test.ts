import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { FleetError } from '@mosaic/domain/error'
import { until } from '@mosaic/testkit/until'
import { describe, expect, test } from 'vitest'
import { HOLDER, type OwnServer, ownServer, rawReader } from './fixtures/own-server.ts'
import { HISTORY_LINES } from './session-recipe.ts'
import { Tmux } from './tmux.ts'
import { TmuxSessionHost } from './tmux-session-host.ts'

const refusalOf = (act: Promise<unknown>) =>
  act.then(
    () => undefined,
    (error: FleetError) => error,
  )

/** Prints its arguments as JSON on one line, then waits. */
const SHOW_ARGV = [process.execPath, '-e', 'console.log(JSON.stringify(process.argv.slice(1)));setInterval(()=>{},1e6)', '--'] as const

async function argvSeenBy(server: OwnServer, session: string): Promise<unknown> {
  const text = await until(async () => /^\[.*\]$/m.exec((await server.host.capture(session)).replaceAll('\n', ''))?.[0])
  return JSON.parse(text)
}

const named = async (server: OwnServer, session: string) => (await server.host.list()).find((pane) => pane.session === session)

describe('an absent server', () => {
  test('has no panes, and asking does not start it', async () => {
    await using server = ownServer()
    expect(await server.host.list()).toEqual([])
    expect(await server.host.kill('nobody')).toBe(false)
    expect(await server.host.paste('nobody', '$1', 'x')).toEqual({ outcome: 'refused', because: 'no-session' })
    expect((await refusalOf(server.host.capture('nobody')))?.reason).toBe('no-session')
    expect(existsSync(server.tmux.socketPath)).toBe(false)
  })

  test('is started once by any number of callers at the same time', async () => {
    await using server = ownServer()
    const hosts = Array.from({ length: 8 }, () => new TmuxSessionHost(server.tmux, HOLDER))
    await Promise.all(hosts.map((host) => host.open()))
    expect(await server.ask('list-sessions', '-F', '#{session_name}')).toBe(HOLDER)
  })
})

describe('a created session', () => {
  test('is described whole by the one call that makes it and by the list', async () => {
    await using server = ownServer()
    const pane = await server.start('coder0', ['cat'])
    expect(pane).toMatchObject({ session: 'coder0', alive: true, width: 200, height: 50, mark: 'launch-coder0', exitStatus: null })
    expect(pane.sessionId).toMatch(/^\$\d+$/)
    const listed = await until(() => named(server, 'coder0'))
    expect(listed).toMatchObject({ sessionId: pane.sessionId, paneId: pane.paneId, pid: pane.pid, tty: pane.tty })
    await until(async () => (await named(server, 'coder0'))?.currentCommand === 'cat')
    expect(await server.host.list()).toHaveLength(1)
  })

  test('has its options for itself and leaves the server’s global ones alone', async () => {
    await using server = ownServer()
    await server.start('coder0', ['cat'])
    expect(await server.ask('show-options', '-gwv', 'window-size')).toBe('latest')
    expect(await server.ask('show-options', '-gv', 'history-limit')).toBe('2000')
    expect(await server.ask('show-options', '-wv', '-t', '=coder0:0', 'window-size')).toBe('manual')
    const state = await server.ask(
      'display-message',
      '-p',
      '-t',
      '=coder0:0.0',
      '#{history_limit} #{status} #{remain-on-exit} #{allow-rename}',
    )
    expect(state).toBe(`${HISTORY_LINES} off on 0`)
  })

  test('gets every argument exactly, through no shell', async () => {
    await using server = ownServer()
    const hostile = [
      '',
      ' ',
      'a b',
      '$HOME',
      '`id`',
      '#{pid}',
      '#(id)',
      '%H',
      "it's",
      '"',
      '\\',
      '\\;',
      ';',
      'end;',
      '{',
      '}',
      '*',
      '-n',
      'ü😀',
    ]
    await server.start('coder0', [...SHOW_ARGV, ...hostile])
    expect(await argvSeenBy(server, 'coder0')).toEqual(hostile)
  })

  test('of one word runs that word and not what a shell makes of it', async () => {
    await using server = ownServer()
    const program = join(server.directory, 'pro gram;')
    writeFileSync(program, '#!/bin/sh\necho started\nexec cat\n', { mode: 0o755 })
    await server.start('coder0', [program])
    await until(async () => (await server.host.capture('coder0')).startsWith('started'))
    await until(async () => (await named(server, 'coder0'))?.currentCommand === 'cat')
  })

  test('stands in its directory, whatever that is called', async () => {
    await using server = ownServer()
    const directory = join(server.directory, 'a #(touch pwned) #{pid} %H $HOME ;')
    mkdirSync(directory)
    const argv = [process.execPath, '-e', 'console.log(process.cwd());setInterval(()=>{},1e6)']
    await server.host.create({ session: 'coder0', argv, cwd: directory, width: 200, height: 50, mark: 'm' })
    await until(async () => (await server.host.capture('coder0')).startsWith(directory))
    expect(existsSync(join(server.directory, 'pwned'))).toBe(false)
  })

  test('that exists is refused and stays as it is', async () => {
    await using server = ownServer()
    const first = await server.start('coder0', ['cat'])
    const error = await refusalOf(server.start('coder0', ['sleep', '1000']))
    expect(error).toMatchObject({ code: 'refused', reason: 'session-exists' })
    expect((await named(server, 'coder0'))?.pid).toBe(first.pid)
  })

  test('without a program or a directory is refused before anything is made', async () => {
    await using server = ownServer()
    const spec = { session: 'coder0', argv: ['cat'], cwd: server.directory, width: 80, height: 24, mark: 'm' }
    expect(await refusalOf(server.host.create({ ...spec, argv: ['/nonexistent/program', 'x'] }))).toMatchObject({ reason: 'no-program' })
    expect(await refusalOf(server.host.create({ ...spec, argv: ['no-such-program-anywhere'] }))).toMatchObject({ reason: 'no-program' })
    expect(await refusalOf(server.host.create({ ...spec, cwd: '/nonexistent' }))).toMatchObject({ reason: 'no-directory' })
    expect(await refusalOf(server.host.create({ ...spec, session: HOLDER }))).toMatchObject({ code: 'invalid' })
    expect(await refusalOf(server.host.create({ ...spec, session: 'a.b' }))).toMatchObject({ code: 'invalid' })
    expect(await server.host.list()).toEqual([])
  })

  test('that ends at once is there with its status and last screen', async () => {
    await using server = ownServer()
    await server.start('coder0', ['sh', '-c', 'echo last words; exit 3'])
    await until(async () => (await named(server, 'coder0'))?.exitStatus === 3)
    expect((await server.host.capture('coder0')).trim()).toBe('last words')
    await server.start('coder1', ['sh', '-c', 'kill -9 $$'])
    await until(async () => (await named(server, 'coder1'))?.exitSignal === 9)
  })

  test('works beside an operator’s settings that move every index', async () => {
    await using server = ownServer()
    await server.host.open()
    await server.ask('set-option', '-g', 'base-index', '5')
    await server.ask('set-option', '-gw', 'pane-base-index', '7')
    await server.ask('set-option', '-gw', 'window-size', 'smallest')
    const pane = await server.start('coder0', ['cat'], { width: 133, height: 41 })
    expect(pane).toMatchObject({ width: 133, height: 41 })
    expect(await server.host.paste('coder0', pane.sessionId, 'here')).toEqual({ outcome: 'pasted' })
    await until(async () => (await server.host.capture('coder0')).includes('here'))
  })

  test('survives names, titles and commands that are made to look like other panes', async () => {
    await using server = ownServer()
    const lie = 'x\u001f$9\nfake\u001f$9\u001f0.0\u001f%9\u001f1\u001f/dev/pts/9\u001f0'
    const argv = ['bash', '-c', 'printf "\\033]2;t\\tü\\037\\033\\\\"; exec -a "$1" sleep 1000', 'bash', lie]
    await server.start('coder0', argv)
    await server.ask('set-option', '-t', '=coder0:', '@mosaic_launch', lie)
    const pane = await until(async () => {
      const seen = await named(server, 'coder0')
      return seen?.currentCommand.startsWith('x') === true && seen
    })
    expect(await server.host.list()).toHaveLength(1)
    expect(pane.mark).toBe('x_$9_fake_$9_0.0_%9_1_/dev/pts/9_0')
    expect(pane.alive).toBe(true)
    expect(`${pane.title}${pane.currentCommand}`).not.toMatch(/[\u0000-\u001f]/)
  })
})

describe('a message', () => {
  const read = (file: string): unknown[] =>
    existsSync(file)
      ? readFileSync(file, 'utf8')
          .trimEnd()
          .split('\n')
          .map((line) => JSON.parse(line))
      : []

  async function reader(server: OwnServer, session: string) {
    const file = join(server.directory, `${session}.log`)
    const pane = await server.start(session, rawReader(file))
    await until(async () => (await server.host.capture(session)).includes('reader ready'))
    return { ...pane, file }
  }

  test('arrives exactly, whatever is in it', async () => {
    await using server = ownServer()
    const { sessionId, file } = await reader(server, 'coder0')
    const texts = [
      'x',
      'two\nlines',
      'ends in a semicolon;',
      ';',
      '-n leading dash',
      'Enter',
      'C-c',
      '\ttab\t',
      'ü 😀 漢字 e\u0301',
      '$(id) `id` #{pid} #(id) \' " \\',
      'trailing newline\n',
      `${'5000 lines\n'.repeat(5000)}end`,
      'z'.repeat(64 * 1024),
    ]
    for (const text of texts) expect(await server.host.paste('coder0', sessionId, text)).toEqual({ outcome: 'pasted' })
    await until(() => read(file).length === texts.length)
    expect(read(file)).toEqual(texts)
    expect(await server.ask('list-buffers')).toBe('')
  })

  test('that could press a key is refused before it reaches tmux', async () => {
    await using server = ownServer()
    const { sessionId, file } = await reader(server, 'coder0')
    for (const text of ['', 'a\u001b[201~\rb', 'a\rb', '\u0003', '\u009b201~', 'nul\0']) {
      expect(await refusalOf(server.host.paste('coder0', sessionId, text))).toMatchObject({ code: 'invalid' })
    }
    await server.host.paste('coder0', sessionId, 'after')
    await until(() => read(file).length > 0)
    expect(read(file)).toEqual(['after'])
  })

  test('for another incarnation, a scrolled pane or no session types nothing and leaves nothing', async () => {
    await using server = ownServer()
    const { sessionId, file } = await reader(server, 'coder0')
    expect(await server.host.paste('coder0', '$999', 'x')).toEqual({ outcome: 'refused', because: 'other-incarnation' })
    expect(await server.host.paste('coder', sessionId, 'x')).toEqual({ outcome: 'refused', because: 'no-session' })
    await server.ask('copy-mode', '-t', '=coder0:0.0')
    expect((await named(server, 'coder0'))?.inCopyMode).toBe(true)
    expect(await server.host.paste('coder0', sessionId, 'x')).toEqual({ outcome: 'refused', because: 'copy-mode' })
    await server.ask('copy-mode', '-q', '-t', '=coder0:0.0')
    await server.ask('select-pane', '-d', '-t', '=coder0:0.0')
    expect(await server.host.paste('coder0', sessionId, 'x')).toEqual({ outcome: 'refused', because: 'copy-mode' })
    await server.ask('select-pane', '-e', '-t', '=coder0:0.0')
    expect(await server.ask('list-buffers')).toBe('')
    expect(await server.host.paste('coder0', sessionId, 'only this')).toEqual({ outcome: 'pasted' })
    await until(() => read(file).length > 0)
    expect(read(file)).toEqual(['only this'])
  })

  test('buffers of senders that died are swept, those of the living stay', async () => {
    await using server = ownServer()
    await server.host.open()
    // The largest process id there can be is taken by nobody.
    for (const name of ['mosaic-paste-4194304-1-aa', `mosaic-paste-${process.pid}-1-bb`, 'mine']) {
      await server.ask('set-buffer', '-b', name, 'x')
    }
    await new TmuxSessionHost(server.tmux, HOLDER).open()
    const left = await server.ask('list-buffers', '-F', '#{buffer_name}')
    expect(left.split('\n').sort()).toEqual(['mine', `mosaic-paste-${process.pid}-1-bb`])
  })
})

describe('the screen', () => {
  test('is read with or without scroll-back and colours, also of a full-screen program', async () => {
    await using server = ownServer()
    await server.start('plain', ['sh', '-c', 'seq 1 200; printf "\\033[31mred\\033[0m ü"; exec cat'])
    await until(async () => (await server.host.capture('plain')).includes('red ü'))
    const screen = await server.host.capture('plain')
    expect(screen).not.toContain('\n100\n')
    expect(await server.host.capture('plain', { historyLines: 500 })).toMatch(/^1\n2\n3\n[\s\S]*\n200\nred ü/)
    expect(await server.host.capture('plain', { escapes: true })).toContain('\u001b[31mred')
    await server.start('full', ['sh', '-c', 'printf "\\033[?1049h\\033[2J\\033[5;5Hin the alternate screen"; exec cat'])
    await until(async () => (await server.host.capture('full')).includes('in the alternate screen'))
  })
})

describe('closing', () => {
  test('ends the server and removes its socket when nothing but the holder is left', async () => {
    await using server = ownServer()
    await server.start('coder0', ['cat'])
    const pid = Number(await server.ask('display-message', '-p', '#{pid}'))
    await server.host.close()
    expect(await server.host.list()).toHaveLength(1)
    expect(await server.host.kill('coder0')).toBe(true)
    await server.host.close()
    expect(existsSync(server.tmux.socketPath)).toBe(false)
    expect(existsSync(`/proc/${pid}/exe`)).toBe(false)
    await server.host.close()
  })

  test('sees no panes on a server that has lost its last session and has not exited yet', async () => {
    await using server = ownServer()
    await server.host.open()
    await server.ask('set-option', '-s', 'exit-empty', 'off')
    await server.ask('kill-session', '-t', HOLDER)
    expect((await server.tmux.run([['list-panes', '-a']])).failure?.text).toBe('no current target')
    expect(await server.host.list()).toEqual([])
  })

  test('leaves a server on which somebody else works', async () => {
    await using server = ownServer()
    await server.host.open()
    await server.ask('new-session', '-d', '-s', 'operator', 'cat')
    await server.host.close()
    expect(await server.ask('list-sessions', '-F', '#{session_name}')).toBe('operator')
  })

  test('removes the socket that a killed server left, and a new server starts there', async () => {
    await using server = ownServer()
    await server.start('coder0', ['cat'])
    process.kill(Number(await server.ask('display-message', '-p', '#{pid}')), 'SIGKILL')
    await until(async () => (await server.host.list()).length === 0)
    await server.host.close()
    expect(existsSync(server.tmux.socketPath)).toBe(false)
    await server.start('coder0', ['cat'])
    expect(await server.host.list()).toHaveLength(1)
  })

  test('works on the default socket too, which stays', async () => {
    await using server = ownServer()
    const tmux = new Tmux({ socketName: undefined, env: { ...process.env, HOME: server.directory, TMUX_TMPDIR: server.directory } })
    writeFileSync(join(server.directory, '.tmux.conf'), 'set -g base-index 3\nset -g status-left operator\n')
    const host = new TmuxSessionHost(tmux, HOLDER)
    const pane = await host.create({ session: 'coder0', argv: ['cat'], cwd: '/', width: 100, height: 30, mark: 'm' })
    expect(pane).toMatchObject({ width: 100, height: 30, alive: true })
    expect((await tmux.run([['show-options', '-gv', 'status-left']])).stdout).toBe('operator\n')
    await host.kill('coder0')
    await host.close()
    expect(await host.list()).toEqual([])
    expect((await tmux.run([['list-sessions']])).failure?.kind).toBe('absent')
  })
})
