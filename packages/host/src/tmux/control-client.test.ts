import { spawn } from 'node:child_process'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { SessionHostEvent } from '@mosaic/domain/ports/session-host'
import { until } from '@mosaic/testkit/until'
import { describe, expect, test } from 'vitest'
import { processState } from '../processes.ts'
import { ControlClient } from './control-client.ts'
import { ControlConnection } from './control-connection.ts'
import { ControlParser } from './control-parser.ts'
import { controlOwner, HOLDER, type OwnServer, ownServer } from './fixtures/own-server.ts'

const clientsOf = async (server: OwnServer) => (await server.ask('list-clients', '-F', '#{client_pid}')).split('\n').filter(Boolean)

describe('the fleet’s control client', () => {
  test('hears of sessions that come and go, of a death that leaves its pane, and of the server’s end', async () => {
    await using server = ownServer()
    await server.host.open()
    const events: SessionHostEvent[] = []
    const heard = async (act: Promise<unknown>) => {
      const before = events.length
      await act
      await until(() => events.length > before)
    }
    await using _client = await ControlClient.attach(server.tmux, HOLDER, (event) => events.push(event))
    await heard(server.start('coder0', ['sh', '-c', 'read x; exit 3']))
    // Whatever the creation still had to tell has been told when a reply comes.
    const quiet = await ControlConnection.open(server.tmux, HOLDER, ['ignore-size', 'no-output'])
    await quiet.send({ command: ['list-sessions'] })
    const before = events.length
    await server.ask('send-keys', '-t', '=coder0:0.0', 'Enter')
    // tmux can miss a child's end; whoever looks makes it see that, and tell.
    await until(async () => (await server.host.list())[0]?.exitStatus === 3)
    await until(() => events.length > before)
    await heard(server.host.kill('coder0'))
    expect(events.every(({ kind }) => kind === 'changed')).toBe(true)
    await heard(server.tmux.run([['kill-server']]))
    await until(() => events.at(-1)?.kind === 'server-gone')
  })

  test('sizes nothing and is sent no output', async () => {
    await using server = ownServer()
    await server.host.open()
    const size = () => server.ask('display-message', '-p', '-t', `=${HOLDER}:`, '#{window_width}x#{window_height}')
    const before = await size()
    await using _client = await ControlClient.attach(server.tmux, HOLDER, () => {})
    expect(await server.ask('list-clients', '-F', '#{client_flags}')).toContain('ignore-size,no-output')
    expect(await size()).toBe(before)
  })

  test('puts out the one that was there before', async () => {
    await using server = ownServer()
    await server.host.open()
    const first = await ControlConnection.open(server.tmux, HOLDER, ['ignore-size'])
    await using _client = await ControlClient.attach(server.tmux, HOLDER, () => {})
    await first.closed
    expect(await clientsOf(server)).toHaveLength(1)
  })

  test('says nothing after it has been disposed of, and leaves no client', async () => {
    await using server = ownServer()
    await server.host.open()
    const events: SessionHostEvent[] = []
    const client = await ControlClient.attach(server.tmux, HOLDER, (event) => events.push(event))
    await client[Symbol.asyncDispose]()
    expect(await clientsOf(server)).toEqual([])
    expect(events).toEqual([])
  })

  test('cannot attach where there is no holder', async () => {
    await using server = ownServer()
    await expect(ControlClient.attach(server.tmux, HOLDER, () => {})).rejects.toMatchObject({ code: 'not_done', reason: 'no-session' })
    await server.host.open()
    await expect(ControlClient.attach(server.tmux, 'nobody', () => {})).rejects.toMatchObject({ code: 'not_done', reason: 'no-session' })
  })
})

describe('the revival', () => {
  /** A program that writes down how it was run, one line each time. */
  function witness(server: OwnServer) {
    const log = join(server.directory, 'runs')
    const program = join(server.directory, "re vive's $HOME")
    writeFileSync(program, `#!/bin/sh\nprintf '%s|' "$MOSAICTEST_VALUE" "$@" >>${log}\necho >>${log}\n`, { mode: 0o755 })
    return { program, runs: () => (existsSync(log) ? readFileSync(log, 'utf8').trimEnd().split('\n') : []) }
  }

  async function startOwner(server: OwnServer, ...argv: [string, ...string[]]) {
    const [node = '', ...rest] = controlOwner(server.tmux.socketName ?? '', ...argv)
    const owner = spawn(node, rest, { stdio: ['ignore', 'pipe', 'inherit'] })
    let said = ''
    owner.stdout.setEncoding('utf8').on('data', (text: string) => {
      said += text
    })
    const ended = new Promise<void>((resolve) => owner.once('close', () => resolve()))
    await until(() => said.includes('armed'))
    return { owner, ended, said: () => said }
  }

  test('runs the program once when the process that holds the client is killed', async () => {
    await using server = ownServer()
    await server.host.open()
    const { program, runs } = witness(server)
    const { owner, ended } = await startOwner(server, program, 'two words', '$(touch x); "', '')
    owner.kill('SIGKILL')
    await ended
    await until(() => runs().length > 0)
    await until(async () => (await clientsOf(server)).length === 0)
    // A second start would have been queued on the server before this call's answer.
    await server.ask('run-shell', 'true')
    expect(runs()).toEqual([`it's "$HOME"; #{pid}|two words|$(touch x); "||`])
  })

  test('does not happen when the holder of the client leaves by itself', async () => {
    await using server = ownServer()
    await server.host.open()
    const { program, runs } = witness(server)
    const { owner, ended, said } = await startOwner(server, program)
    owner.kill('SIGTERM')
    await ended
    expect(said()).toContain('left')
    await server.ask('run-shell', 'true')
    expect(runs()).toEqual([])
  })

  test('leaves no control client of the killed process alive', async () => {
    await using server = ownServer()
    await server.host.open()
    const { owner, ended } = await startOwner(server, '/bin/true')
    const [pid] = await clientsOf(server)
    owner.kill('SIGKILL')
    await ended
    await until(() => processState(Number(pid)) !== 'running')
  })
})

describe('the line protocol', () => {
  function parsed(...chunks: string[]) {
    const seen: unknown[] = []
    let atLeast = 0
    const parser = new ControlParser({
      reply: (lines, ok) => seen.push([ok, ...lines]),
      notification: (name, rest) => seen.push({ [name]: rest }),
      linesExpected: () => atLeast,
    })
    return {
      seen,
      expecting(lines: number) {
        atLeast = lines
        for (const chunk of chunks) parser.feed(chunk)
        return seen
      },
    }
  }

  test('is the same however it is cut', () => {
    const text = '%begin 1 2 1\na\n%output %0 x\n%end 1 2 1\n%window-renamed @1 dead\n%begin 1 3 1\nbad\n%error 1 3 1\n%exit\n'
    const expected = [[true, 'a', '%output %0 x'], { 'window-renamed': '@1 dead' }, [false, 'bad'], { exit: '' }]
    expect(parsed(text).expecting(0)).toEqual(expected)
    expect(parsed(...text).expecting(0)).toEqual(expected)
  })

  test('keeps replies to others apart from replies to this client', () => {
    expect(parsed('%begin 1 2 0\nfrom a hook\n%end 1 2 0\n%begin 1 3 1\nours\n%end 1 3 1\n').expecting(0)).toEqual([[true, 'ours']])
  })

  test('does not take a screen that shows the end of a block for the end', () => {
    const screen = '%begin 1 2 1\nfirst\n%end 1 2 1\n%exit\n%end 1 2 1\n'
    expect(parsed(screen).expecting(3)).toEqual([[true, 'first', '%end 1 2 1', '%exit']])
  })
})

test('commands over a connection are exact and answered one by one, and a bad one harms only its line', async () => {
  await using server = ownServer()
  await server.host.open()
  const connection = await ControlConnection.open(server.tmux, HOLDER, ['ignore-size', 'no-output'])
  const hostile = `it's "a" $HOME #{pid} ; ~ \\ { } %x ü`
  const [, shown] = await connection.send(
    { command: ['set-option', '-t', `=${HOLDER}:`, '@probe', hostile] },
    { command: ['show-options', '-v', '-t', `=${HOLDER}:`, '@probe'] },
  )
  expect(shown).toEqual([hostile])
  await expect(connection.send({ command: ['no-such-command'] })).rejects.toThrow(/unknown command/)
  await expect(connection.send({ command: ['has-session', '-t', '=nobody:'] }, { command: ['list-sessions'] })).rejects.toMatchObject({
    code: 'not_done',
    reason: 'no-session',
  })
  expect(await connection.send({ command: ['display-message', '-p', 'still here'] })).toEqual([['still here']])
  await connection.close()
  await expect(connection.send({ command: ['list-sessions'] })).rejects.toMatchObject({ reason: 'client-gone' })
})
