import { execFile } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { until } from '@mosaic/testkit/until'
import { describe, expect, test } from 'vitest'
import { processState } from '../processes.ts'
import { rawReader } from '../tmux/fixtures/own-server.ts'
import { parseScreen } from './cells.ts'
import { type Terminal, type Terminals, terminals } from './fixtures/terminals.ts'
import { drawRow } from './painter.ts'

const AGENT = { width: 200, height: 50 }

/** A line stands in it whole. */
const written = (file: string): boolean => existsSync(file) && readFileSync(file, 'utf8').endsWith('\n')

/** A program that draws what `script` prints, and then waits for input. */
const draws = (script: string): string[] => ['sh', '-c', `${script}; exec cat`]

/** One row as a terminal would be told to draw it. */
const drawn = (lines: readonly string[], columns: number) => parseScreen(lines).map((row) => drawRow(row, 0, columns))

const agentSize = async ({ agents }: Terminals) => agents.ask('display-message', '-p', '-t', '=coder0:0.0', '#{pane_width}x#{pane_height}')

const shows = (terminal: Terminal, text: string | RegExp) =>
  until(
    async () => {
      const screen = (await terminal.see()).join('\n')
      return typeof text === 'string' ? screen.includes(text) : text.test(screen)
    },
    { what: `the terminal showing ${text}` },
  )

/** The terminal's own state: main screen, visible cursor, wrapping, echo and line editing. */
async function asBefore({ screens }: Terminals, terminal: Terminal): Promise<void> {
  const state = await screens.ask('display-message', '-p', '-t', '=terminal-1:0.0', '#{alternate_on} #{cursor_flag} #{wrap_flag}')
  expect(state).toBe('0 1 1')
  const { stdout } = await promisify(execFile)('stty', ['-F', terminal.tty, '-a'])
  expect(stdout).toMatch(/ icanon /)
  expect(stdout).toMatch(/ echo /)
}

describe('the picture', () => {
  test('in a terminal of the agent’s size is the agent’s screen, with its colours, wide characters and line drawing', async () => {
    await using world = terminals()
    const script = [
      'printf "\\033[1;31mred\\033[0m \\033[38;5;208morange\\033[48;2;10;20;30m on blue\\033[0m plain\\r\\n"',
      'printf "漢字 😀 e\\314\\201 ü ✅ | after wide\\r\\n"',
      'printf "\\033(0lqqqk\\033(B box \\033[7minverse\\033[27m \\033[4munder\\033[24m\\r\\n"',
      'printf "\\033[10;180Hat the right edge>>>"',
      'printf "\\033[50;1Hlast line\\033[20;20H"',
    ].join('; ')
    await world.agents.start('coder0', draws(script), AGENT)
    const terminal = await world.open('watch', 'coder0', { width: AGENT.width, height: AGENT.height + 1 })
    await shows(terminal, 'last line')
    await until(async () => {
      const agent = await world.agents.host.capture('coder0', { escapes: true })
      const seen = await terminal.seeStyled()
      const expected = drawn(agent.split('\n').slice(0, AGENT.height), AGENT.width)
      expect(drawn(seen.slice(0, AGENT.height), AGENT.width)).toEqual(expected)
      return true
    })
    const cursor = await world.screens.ask('display-message', '-p', '-t', '=terminal-1:0.0', '#{cursor_x},#{cursor_y}')
    expect(cursor).toBe('19,19')
    expect((await terminal.see()).at(-1)).toMatch(/^ coder0 · read-only · q quits · 200x50/)
  })

  test('goes on with what the agent prints, also in the alternate screen', async () => {
    await using world = terminals()
    await world.agents.start('coder0', ['sh', '-c', 'while read -r line; do eval "$line"; done'], AGENT)
    const terminal = await world.open('watch', 'coder0', { width: 100, height: 30 })
    await shows(terminal, 'read-only')
    const type = (line: string) => world.agents.ask('send-keys', '-l', '-t', '=coder0:0.0', `${line}\n`)
    await type('clear; echo one')
    await shows(terminal, /^one$/m)
    await type('printf "\\033[?1049h\\033[H\\033[2Jfull screen"')
    await shows(terminal, /^full screen/m)
    await type('printf "\\033[?1049l"; clear; echo back')
    await shows(terminal, /^back$/m)
  })

  test('in a smaller terminal is the part around the cursor, and can be moved', async () => {
    await using world = terminals()
    const script = 'printf "\\033[1;1Htop left\\033[50;190Hbottom"'
    await world.agents.start('coder0', draws(script), AGENT)
    const terminal = await world.open('watch', 'coder0', { width: 80, height: 24 })
    await shows(terminal, 'bottom')
    expect((await terminal.see()).join('\n')).not.toContain('top left')
    for (let step = 0; step < 20; step += 1) await terminal.press('Up', 'Left')
    await shows(terminal, 'top left')
    expect(await agentSize(world)).toBe('200x50')
    await terminal.press('f')
    await shows(terminal, 'bottom')
  })

  test('in a larger terminal stands at the top left, and the terminal may change its size', async () => {
    await using world = terminals()
    const lines = Array.from({ length: 49 }, (_, index) => `row ${index + 1}`).join('\\r\\n')
    await world.agents.start('coder0', draws(`printf "${lines}"`), AGENT)
    const terminal = await world.open('watch', 'coder0', { width: 240, height: 70 })
    await shows(terminal, 'row 49')
    const seen = await terminal.see()
    expect(seen.slice(0, 49)).toEqual(Array.from({ length: 49 }, (_, index) => `row ${index + 1}`))
    expect(seen.at(-1)).toContain('read-only')
    expect(seen.slice(50, -1).join('').trim()).toBe('')
    await terminal.resize(60, 20)
    await until(async () => {
      const small = await terminal.see()
      return small.length === 20 && small.at(-1)?.includes('read-only') === true && small.some((line) => line === 'row 49')
    })
    await terminal.resize(240, 70)
    await until(async () => (await terminal.see())[0] === 'row 1')
    expect(await agentSize(world)).toBe('200x50')
  })

  test('contains no sequence of the agent’s: its title, bell and clipboard stay with the agent', async () => {
    await using world = terminals()
    await world.agents.start(
      'coder0',
      draws('printf "\\033]2;evil title\\007\\033]52;c;ZXZpbA==\\007\\033P+q544e\\033\\\\\\\\safe text"'),
      AGENT,
    )
    const terminal = await world.open('watch', 'coder0', { width: 80, height: 24 })
    await shows(terminal, 'safe text')
    expect(await world.screens.ask('display-message', '-p', '-t', '=terminal-1:0.0', '#{pane_title}')).not.toContain('evil')
    expect(await world.screens.ask('list-buffers')).toBe('')
  })
})

describe('the watcher', () => {
  test('cannot type: what it presses or pastes never reaches the agent', async () => {
    await using world = terminals()
    const file = join(world.agents.directory, 'typed')
    const { sessionId } = await world.agents.start('coder0', rawReader(file), AGENT)
    const terminal = await world.open('watch', 'coder0', { width: 80, height: 24 })
    await shows(terminal, 'reader ready')
    for (const keys of [['a', 'Enter'], ['C-b', 'c'], ['C-b', ':'], ['Escape'], ['F1'], ['Enter']]) await terminal.press(...keys)
    await world.screens.ask('set-buffer', '-b', 'clip', 'pasted text\n')
    await world.screens.ask('paste-buffer', '-p', '-b', 'clip', '-t', '=terminal-1:0.0')
    await world.agents.host.paste('coder0', sessionId, 'from the fleet')
    await until(() => written(file))
    expect(readFileSync(file, 'utf8')).toBe(`${JSON.stringify('from the fleet')}\n`)
    await terminal.press('q')
    await until(() => terminal.result() === 'quit')
    expect(readFileSync(file, 'utf8')).toBe(`${JSON.stringify('from the fleet')}\n`)
  })

  test.each([
    ['q', 'quit'],
    ['C-c', 'SIGINT'],
    ['C-d', 'quit'],
  ])('leaves with %s, and its terminal is as before', async (key, end) => {
    await using world = terminals()
    await world.agents.start('coder0', draws('printf shown'), AGENT)
    const terminal = await world.open('watch', 'coder0', { width: 80, height: 24 })
    await shows(terminal, 'shown')
    await terminal.press(key)
    await until(() => terminal.result() === end)
    await asBefore(world, terminal)
    expect(await world.clients()).toEqual([])
  })

  test.each(['SIGTERM', 'SIGHUP', 'SIGINT'] as const)('restores its terminal on %s', async (signal) => {
    await using world = terminals()
    await world.agents.start('coder0', draws('printf shown'), AGENT)
    const terminal = await world.open('watch', 'coder0', { width: 80, height: 24 })
    await shows(terminal, 'shown')
    process.kill(terminal.pid, signal)
    await until(() => terminal.result() === signal)
    await asBefore(world, terminal)
    expect(await world.clients()).toEqual([])
  })

  test('that is killed leaves sessions, clients and sizes as they were', async () => {
    await using world = terminals()
    await world.agents.start('coder0', draws('printf shown'), AGENT)
    const sessions = await world.agents.ask('list-sessions', '-F', '#{session_name} #{session_windows}')
    const terminal = await world.open('watch', 'coder0', { width: 80, height: 24 })
    await shows(terminal, 'shown')
    expect(await world.clients()).toHaveLength(1)
    process.kill(terminal.pid, 'SIGKILL')
    await until(async () => (await world.clients()).length === 0)
    expect(await world.agents.ask('list-sessions', '-F', '#{session_name} #{session_windows}')).toBe(sessions)
    expect(await agentSize(world)).toBe('200x50')
    expect(await world.agents.ask('display-message', '-p', '-t', '=coder0:0.0', '#{pane_dead}')).toBe('0')
  })

  test('whose terminal is closed ends', async () => {
    await using world = terminals()
    await world.agents.start('coder0', draws('printf shown'), AGENT)
    const terminal = await world.open('watch', 'coder0', { width: 80, height: 24 })
    await shows(terminal, 'shown')
    await world.screens.host.kill('terminal-1')
    await until(() => processState(terminal.pid) !== 'running')
    await until(async () => (await world.clients()).length === 0)
  })

  test('without a terminal is told what to use', async () => {
    await using world = terminals()
    await world.agents.start('coder0', draws('true'), AGENT)
    const file = join(world.agents.directory, 'result')
    const observer = join(import.meta.dirname, 'fixtures', 'observer.ts')
    const command = `"${process.execPath}" "${observer}" watch ${world.agents.tmux.socketName} coder0 "${file}" </dev/null | cat`
    await world.screens.start('piped', ['sh', '-c', command])
    await until(() => written(file))
    expect(JSON.parse(readFileSync(file, 'utf8'))).toMatchObject({ code: 'invalid', mend: expect.stringContaining('agent tail -f') })
  })

  test('of an agent that has no session is told so', async () => {
    await using world = terminals()
    await world.agents.host.open()
    const terminal = await world.open('watch', 'coder0', { width: 80, height: 24 })
    await until(() => terminal.result())
    expect(terminal.result()).toMatchObject({ code: 'not_done', mend: 'mosaic fleet start coder0' })
  })
})

describe('an agent that is watched', () => {
  test('keeps its last screen with how it ended, then is shown again after a restart', async () => {
    await using world = terminals()
    await world.agents.start('coder0', ['sh', '-c', 'printf "first life"; read x; printf "last words"; exit 3'], AGENT)
    const terminal = await world.open('watch', 'coder0', { width: 100, height: 30 })
    await shows(terminal, 'first life')
    await world.agents.ask('send-keys', '-t', '=coder0:0.0', 'Enter')
    await shows(terminal, 'ended (exit 3)')
    await shows(terminal, 'last words')
    await world.agents.host.kill('coder0')
    await shows(terminal, 'no session: waits for it to start')
    await world.agents.start('coder0', draws('printf "second life"'), AGENT)
    await shows(terminal, 'second life')
    expect((await terminal.see()).join('\n')).not.toMatch(/last words|no session/)
    await world.agents.tmux.run([['kill-server']])
    await shows(terminal, 'no session')
    await world.agents.start('coder0', draws('printf "third life"'), AGENT)
    await shows(terminal, 'third life')
    await terminal.press('q')
    await until(() => terminal.result() === 'quit')
  })

  test('and floods its terminal is not slowed, and its last screen is seen', async () => {
    await using world = terminals()
    await world.agents.start('coder0', ['sh', '-c', 'read x; seq 1 300000; echo; echo flood is over; exec cat'], AGENT)
    const terminal = await world.open('watch', 'coder0', { width: 80, height: 24 })
    await shows(terminal, 'read-only')
    await world.agents.ask('send-keys', '-t', '=coder0:0.0', 'Enter')
    await shows(terminal, 'flood is over')
    await shows(terminal, /^300000$/m)
  })
})
