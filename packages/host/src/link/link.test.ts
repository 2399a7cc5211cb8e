import { execFileSync, spawn } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { connect, createServer } from 'node:net'
import { join } from 'node:path'
import { until } from '@mosaic/testkit/until'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { LinkClient } from './link-client.ts'
import { MAX_LINK_LINE_BYTES } from './link-protocol.ts'
import { type LinkHandlers, LinkServer } from './link-server.ts'

let directory = ''
beforeEach(() => {
  directory = mkdtempSync('/tmp/mlink-')
})
afterEach(() => rmSync(directory, { recursive: true, force: true }))

const path = () => join(directory, 'link')
const client = () => new LinkClient(path())
const handlers: LinkHandlers = {
  ask: () => ({ activity: 'idle' }),
  echo: ({ text }) => text,
  fail: () => {
    throw new Error('no')
  },
}

describe('the link', () => {
  test('carries requests and answers for several clients at a time', async () => {
    using _server = await LinkServer.listen(path(), handlers)
    const replies = await Promise.all(Array.from({ length: 20 }, (_, index) => client().request('echo', { text: `t${index}` }, 5000)))
    expect(replies).toEqual(Array.from({ length: 20 }, (_, index) => ({ got: 'value', value: `t${index}` })))
  })

  test('is open to its owner alone', async () => {
    using _server = await LinkServer.listen(path(), handlers)
    expect(statSync(path()).mode & 0o777).toBe(0o600)
  })

  test('carries the largest message there can be', async () => {
    using _server = await LinkServer.listen(path(), handlers)
    const text = '‹U+009B›'.repeat((64 * 1024) / 2)
    expect(await client().request('echo', { text }, 5000)).toEqual({ got: 'value', value: text })
  })

  test('answers what cannot be done with why', async () => {
    using _server = await LinkServer.listen(path(), handlers)
    expect(await client().request('fail', {}, 5000)).toEqual({ got: 'error', error: 'no' })
    expect(await client().request('toString', {}, 5000)).toEqual({ got: 'error', error: 'unknown op' })
  })

  test('tells apart that nobody is there and that somebody is silent', async () => {
    expect(await client().request('ask', {}, 5000)).toEqual({ got: 'unreachable' })
    const silent = createServer(() => {})
    await new Promise<void>((resolve) => silent.listen(path(), resolve))
    expect(await client().request('ask', {}, 1000)).toEqual({ got: 'silence' })
    silent.close()
  })

  test('is not taken in by an answer to another request, or by no answer at all', async () => {
    const liar = createServer((socket) => socket.on('error', () => {}).end('{"id":2,"ok":true,"value":1}\nnonsense\n\0\n'))
    await new Promise<void>((resolve) => liar.listen(path(), resolve))
    expect(await client().request('ask', {}, 5000)).toEqual({ got: 'silence' })
    liar.close()
  })

  test('survives garbage, endless lines and clients that leave', async () => {
    using _server = await LinkServer.listen(path(), handlers)
    for (const data of ['garbage\n{}\n[]\nnull\n', 'x'.repeat(MAX_LINK_LINE_BYTES + 10), '{"id":1,"op":"ask"}\n']) {
      const socket = connect(path())
      socket.on('error', () => {})
      socket.write(data)
      await new Promise((resolve) => setTimeout(resolve, 5))
      socket.destroy()
    }
    expect(await client().request('ask', {}, 5000)).toEqual({ got: 'value', value: { activity: 'idle' } })
  })

  test('takes the place of a dead predecessor, and never that of a living one', async () => {
    const script = `require('node:net').createServer().listen(${JSON.stringify(path())}, () => console.log('up'))`
    const predecessor = spawn(process.execPath, ['-e', script], { stdio: ['ignore', 'pipe', 'inherit'] })
    await new Promise((resolve) => predecessor.stdout.once('data', resolve))
    await expect(LinkServer.listen(path(), handlers)).rejects.toMatchObject({ code: 'refused', reason: 'held' })
    predecessor.kill('SIGKILL')
    await new Promise((resolve) => predecessor.once('exit', resolve))
    expect(existsSync(path())).toBe(true)
    using _server = await LinkServer.listen(path(), handlers)
    expect((await client().request('ask', {}, 5000)).got).toBe('value')
  })

  test.each([
    ['a file', () => writeFileSync(path(), 'kept')],
    ['a FIFO', () => execFileSync('mkfifo', [path()])],
  ])('does not replace %s', async (_what, plant) => {
    plant()
    await expect(LinkServer.listen(path(), handlers)).rejects.toMatchObject({ reason: 'not-a-socket' })
    expect(existsSync(path())).toBe(true)
  })

  test('leaves no socket, and lets its clients go', async () => {
    const server = await LinkServer.listen(path(), { ...handlers, never: () => new Promise(() => {}) })
    const waiting = client().request('never', {}, 20_000)
    await until(async () => (await client().request('ask', {}, 5000)).got === 'value')
    server[Symbol.dispose]()
    expect(existsSync(path())).toBe(false)
    expect(await waiting).toEqual({ got: 'silence' })
  })
})
