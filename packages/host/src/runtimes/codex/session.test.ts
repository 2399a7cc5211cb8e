import { createHash } from 'node:crypto'
import { appendFileSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { join } from 'node:path'
import type { ConnectContext } from '@mosaic/domain/ports/runtime'
import type { SignalBody } from '@mosaic/domain/signal'
import { tempHome } from '@mosaic/testkit/temp-home'
import { until } from '@mosaic/testkit/until'
import { describe, expect, test } from 'vitest'
import { CodexSession } from './session.ts'

const THREAD = '01990000-0000-7000-8000-000000000000'
const ID = '01kb0000000000000000000000'

const event = (payload: object) => `${JSON.stringify({ timestamp: 't', type: 'event_msg', payload })}\n`
const said = (text: string) =>
  event({ type: 'item_completed', turn_id: 'a', item: { type: 'UserMessage', content: [{ type: 'text', text }] } })

/** The text of one masked frame of a client, and how many bytes it took; all of them here are shorter than 64 KiB. */
function unmasked(bytes: Buffer): { text: string; size: number } | undefined {
  const short = (bytes[1] ?? 0) & 0x7f
  const at = short === 126 ? 4 : 2
  const length = short === 126 && bytes.length >= 4 ? bytes.readUInt16BE(2) : short
  if (bytes.length < at + 4 + length) return undefined
  const mask = bytes.subarray(at, at + 4)
  const payload = bytes.subarray(at + 4, at + 4 + length).map((byte, index) => byte ^ (mask[index % 4] ?? 0))
  return { text: Buffer.from(payload).toString('utf8'), size: at + 4 + length }
}

function frame(text: string): Buffer {
  const payload = Buffer.from(text)
  const head =
    payload.length < 126 ? Buffer.from([0x81, payload.length]) : Buffer.from([0x81, 126, payload.length >> 8, payload.length & 255])
  return Buffer.concat([head, payload])
}

/** Answers as codex's app-server does that has one idle conversation. */
async function appServer(socketPath: string, rollout: string): Promise<AsyncDisposable> {
  const thread = { id: THREAD, path: rollout, name: 'n', preview: 'p', status: { type: 'idle' }, historyMode: 'paginated' }
  const answers: Record<string, object> = {
    'account/read': { account: {}, requiresOpenaiAuth: true },
    'thread/loaded/list': { data: [THREAD] },
    'thread/read': { thread },
  }
  const server = createServer()
  server.on('upgrade', (request, stream) => {
    const key = `${request.headers['sec-websocket-key']}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`
    const accept = createHash('sha1').update(key).digest('base64')
    stream.write(`HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`)
    let rest = Buffer.alloc(0)
    stream.on('error', () => {})
    stream.on('data', (bytes: Buffer) => {
      rest = Buffer.concat([rest, bytes])
      for (let found = unmasked(rest); found !== undefined; found = unmasked(rest)) {
        rest = rest.subarray(found.size)
        const { id, method } = JSON.parse(found.text) as { id?: number; method: string }
        if (id !== undefined) stream.write(frame(JSON.stringify({ id, result: answers[method] ?? {} })))
      }
    })
    server.once('over', () => stream.destroy())
  })
  await new Promise<void>((resolve) => server.listen(socketPath, resolve))
  return {
    async [Symbol.asyncDispose]() {
      server.emit('over')
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

async function world() {
  const home = await tempHome()
  const at = (name: string) => join(home.root, name)
  const server = await appServer(at('link'), at('rollout.jsonl'))
  writeFileSync(at('rollout.jsonl'), '')
  const log: string[] = []
  const context = {
    agent: { name: 'coder0' },
    linkSocket: at('link'),
    stateDirectory: at('state'),
    pid: process.pid,
    log: (text: string) => log.push(text),
  } as unknown as ConnectContext
  return {
    at,
    log,
    session: new CodexSession(context),
    async [Symbol.asyncDispose]() {
      await server[Symbol.asyncDispose]()
      await home[Symbol.asyncDispose]()
    },
  }
}

describe('a session of codex', () => {
  test('whose state cannot be written says so, hands nothing over, and goes on once it can', async () => {
    await using here = await world()
    writeFileSync(here.at('state'), 'where a directory should be')
    const signals: SignalBody[] = []
    using _ = here.session.observe((signal) => void signals.push(signal))
    await until(() => here.log.length > 0)
    expect(here.log[0]).toContain('ENOTDIR')
    expect(signals.some(({ kind }) => kind === 'ready')).toBe(false)
    expect(await here.session.deliver({ id: ID } as never, 'hello')).toMatchObject({ outcome: 'refused', because: 'starting' })
    rmSync(here.at('state'))
    mkdirSync(here.at('state'))
    await until(() => signals.some(({ kind }) => kind === 'ready'))
    expect((await here.session.ask(5000))?.ready).toBe(true)
  })

  test('whose words cannot be stored when they are written says them again', async () => {
    await using here = await world()
    mkdirSync(here.at('state'))
    const stored: SignalBody[] = []
    let refused = 0
    let full = false
    using _ = here.session.observe((signal) => {
      if (!full) return void stored.push(signal)
      refused += 1
      throw new Error('no space left')
    })
    await until(() => stored.some(({ kind }) => kind === 'ready'))
    full = true
    appendFileSync(here.at('rollout.jsonl'), event({ type: 'task_started', turn_id: 'a' }) + said(`[a@h:s -> a@h:s #${ID}]\nhello`))
    await until(() => refused > 0)
    full = false
    await until(() => stored.some((signal) => signal.kind === 'accepted' && signal.id === ID))
    expect(here.log[0]).toContain('no space left')
  })
})
