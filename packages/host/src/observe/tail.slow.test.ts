import { PassThrough } from 'node:stream'
import { until } from '@mosaic/testkit/until'
import { describe, expect, test } from 'vitest'
import { type OwnServer, ownServer } from '../tmux/fixtures/own-server.ts'
import { type TailEnd, tailAgent } from './tail.ts'

const AGENT = { width: 120, height: 20 }
const numbers = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, index) => String(from + index))

interface Running extends AsyncDisposable {
  /** What was printed up to now, by line. */
  printed(): string[]
  end: Promise<TailEnd>
  stop(): void
}

function tailOf(server: OwnServer, options: { lines: number; follow: boolean }): Running {
  const stdout = new PassThrough()
  let text = ''
  stdout.setEncoding('utf8').on('data', (chunk: string) => {
    text += chunk
  })
  const abort = new AbortController()
  const end = tailAgent({ tmux: server.tmux, session: 'coder0', stdout, signal: abort.signal, ...options })
  return {
    printed: () => text.split('\n').slice(0, -1),
    end,
    stop: () => abort.abort(),
    async [Symbol.asyncDispose]() {
      abort.abort()
      await end.catch(() => undefined)
    },
  }
}

/** An agent that runs each line it is given, and its screen. */
async function shell(server: OwnServer, first = 'true') {
  await server.start('coder0', ['sh', '-c', `stty -echo; ${first}; echo ready; while read -r line; do eval "$line"; done`], AGENT)
  await until(async () => (await server.host.capture('coder0')).includes('ready'))
  return (line: string) => server.ask('send-keys', '-l', '-t', '=coder0:0.0', `${line}\n`)
}

describe('the last lines', () => {
  test('come from the screen, and beyond it from the scroll-back', async () => {
    await using server = ownServer()
    await shell(server, 'seq 1 500')
    await using few = tailOf(server, { lines: 3, follow: false })
    expect(await few.end).toEqual({ why: 'printed', detail: undefined })
    expect(few.printed()).toEqual(['499', '500', 'ready'])
    await using many = tailOf(server, { lines: 400, follow: false })
    await many.end
    expect(many.printed()).toEqual([...numbers(102, 500), 'ready'])
    await using all = tailOf(server, { lines: 100_000, follow: false })
    await all.end
    expect(all.printed()).toEqual([...numbers(1, 500), 'ready'])
  })

  test('of a full-screen program are its screen, without what the shell printed before', async () => {
    await using server = ownServer()
    const type = await shell(server, 'seq 1 500')
    await type('printf "\\033[?1049h\\033[2J\\033[3;3Hfull\\033[5;1Hscreen"')
    await until(async () => (await server.host.capture('coder0')).includes('full'))
    await using tail = tailOf(server, { lines: 100, follow: false })
    await tail.end
    expect(tail.printed()).toEqual(['', '', '  full', '', 'screen'])
  })

  test('cannot do anything to the terminal they are printed on', async () => {
    await using server = ownServer()
    await shell(server, 'printf "a\\033[31mred\\033]2;x\\007 \\342\\200\\256reversed\\r\\n"')
    await using tail = tailOf(server, { lines: 10, follow: false })
    await tail.end
    expect(tail.printed().join('')).toContain('ared')
    expect(tail.printed().join('')).not.toMatch(/[\u0000-\u001f\u202e]/)
  })

  test('of a dead pane are its last screen, with how it ended', async () => {
    await using server = ownServer()
    await server.start('coder0', ['sh', '-c', 'echo last words; exit 3'], AGENT)
    await until(async () => (await server.host.list())[0]?.exitStatus === 3)
    await using tail = tailOf(server, { lines: 10, follow: true })
    expect(await tail.end).toEqual({ why: 'session-ended', detail: 'ended (exit 3)' })
    expect(tail.printed()).toEqual(['last words'])
  })

  test('of an agent without a session are an error', async () => {
    await using server = ownServer()
    await server.host.open()
    await using tail = tailOf(server, { lines: 10, follow: false })
    await expect(tail.end).rejects.toMatchObject({ code: 'not_done', reason: 'no-session' })
  })
})

describe('following', () => {
  test('prints each new line once, in order, also when there are very many', async () => {
    await using server = ownServer()
    const type = await shell(server)
    await using tail = tailOf(server, { lines: 1, follow: true })
    await until(() => tail.printed().length === 1)
    await type('echo one')
    await until(() => tail.printed().at(-1) === 'one')
    await type('echo two; echo; echo three')
    await until(() => tail.printed().at(-1) === 'three')
    await type('seq 1 9000; echo end')
    await until(() => tail.printed().at(-1) === 'end')
    expect(tail.printed()).toEqual(['ready', 'one', 'two', '', 'three', ...numbers(1, 9000), 'end'])
    tail.stop()
    expect(await tail.end).toEqual({ why: 'aborted', detail: undefined })
  })

  test('prints a line that is not finished once the program has paused', async () => {
    await using server = ownServer()
    const type = await shell(server)
    await using tail = tailOf(server, { lines: 1, follow: true })
    await until(() => tail.printed().length === 1)
    await type('printf "continue? "')
    await until(() => tail.printed().at(-1)?.startsWith('continue?'))
    await type('echo yes')
    await until(() => tail.printed().at(-1) === 'continue? yes')
  })

  test('prints what changes on a full-screen program', async () => {
    await using server = ownServer()
    const type = await shell(server)
    await using tail = tailOf(server, { lines: 1, follow: true })
    await until(() => tail.printed().length === 1)
    await type('printf "\\033[?1049h\\033[2J\\033[1;1Htitle\\033[9;1Hstatus: reading"')
    await until(() => tail.printed().includes('status: reading'))
    await type('printf "\\033[9;1H\\033[Kstatus: writing"')
    await until(() => tail.printed().at(-1) === 'status: writing')
    await type('printf "\\033[?1049l"; echo back')
    await until(() => tail.printed().at(-1) === 'back')
    expect(tail.printed().filter((line) => line.trim() !== '')).toEqual(['ready', 'title', 'status: reading', 'status: writing', 'back'])
  })

  test('ends with the program, after its last line', async () => {
    await using server = ownServer()
    const type = await shell(server)
    await using tail = tailOf(server, { lines: 1, follow: true })
    await until(() => tail.printed().length === 1)
    await type('echo bye; exit 7')
    expect(await tail.end).toEqual({ why: 'session-ended', detail: 'ended (exit 7)' })
    expect(tail.printed()).toEqual(['ready', 'bye'])
  })

  test('ends with the session, and with the server', async () => {
    await using server = ownServer()
    for (const end of [() => server.host.kill('coder0'), () => server.tmux.run([['kill-server']])]) {
      await shell(server)
      await using tail = tailOf(server, { lines: 1, follow: true })
      await until(() => tail.printed().length === 1)
      await end()
      expect((await tail.end).why).toBe('session-ended')
    }
  })

  test('ends when nobody reads any more, and leaves no client', async () => {
    await using server = ownServer()
    const type = await shell(server)
    const stdout = new PassThrough()
    const end = tailAgent({ tmux: server.tmux, session: 'coder0', lines: 1, follow: true, stdout })
    await until(() => stdout.readableLength > 0)
    stdout.destroy(Object.assign(new Error('write EPIPE'), { code: 'EPIPE' }))
    await type('echo more')
    expect((await end).why).toBe('output-closed')
    await until(async () => (await server.ask('list-clients')) === '')
  })
})
