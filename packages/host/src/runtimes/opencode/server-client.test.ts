import { type ChildProcess, spawn } from 'node:child_process'
import { createServer } from 'node:http'
import { until } from '@mosaic/testkit/until'
import { afterEach, expect, test } from 'vitest'
import { listeningPorts } from './listening.ts'
import { ServerClient } from './server-client.ts'

/** Answers as OpenCode's server does; `ACCEPTED` is the password that it takes. */
const SERVER = `
const { createServer } = require('node:http')
const expected = 'Basic ' + Buffer.from('opencode:' + process.env.ACCEPTED).toString('base64')
createServer((request, response) => {
  if (request.headers.authorization !== expected) return response.writeHead(401).end()
  if (request.url === '/global/health') return response.end('{"healthy":true}')
  if (request.url === '/silent') return
  if (request.url === '/page') return response.writeHead(200, { 'x-next-cursor': 'c1' }).end('[1]')
  if (request.url === '/event' && process.env.ENDLESS) {
    response.writeHead(200, { 'content-type': 'text/event-stream' })
    const more = () => response.write('x'.repeat(1000), more)
    return response.write('data: {"type":"one"}\\n\\ndata: ', more)
  }
  if (request.url === '/event') {
    response.writeHead(200, { 'content-type': 'text/event-stream' })
    response.write('data: {"type":"one"}\\n\\ndata: {"ty')
    return setImmediate(() => response.end('pe":"two"}\\n\\nnonsense\\n\\n'))
  }
  response.writeHead(404).end('{}')
}).listen(0, '127.0.0.1')
`

let child: ChildProcess | undefined
afterEach(() => child?.kill('SIGKILL'))

function serve(password: string, accepted = password, more: Record<string, string> = {}): ServerClient {
  const env = { OPENCODE_SERVER_PASSWORD: password, ACCEPTED: accepted, ...more }
  child = spawn(process.execPath, ['-e', SERVER], { env, stdio: 'ignore' })
  return new ServerClient(child.pid ?? 0)
}
const found = (server: ServerClient) => until(() => server.find(5000), { what: 'the server' })

test('finds the server of its process, and reads what it answers', async () => {
  const server = serve('secret')
  await found(server)
  expect(await server.call({ method: 'GET', path: '/page', timeoutMs: 5000 })).toEqual({
    got: 'answer',
    status: 200,
    body: [1],
    next: 'c1',
  })
  expect(await server.get('/absent', 5000)).toBeUndefined()
})

test('a server that does not know the password of this launch does not answer for it', async () => {
  const server = serve('secret', 'of another launch')
  const other = new ServerClient(child?.pid ?? 0)
  await until(() => listeningPorts(child?.pid ?? 0).length > 0, { what: 'a listener' })
  expect([await server.find(5000), await other.find(5000)]).toEqual([false, false])
  expect(await server.call({ method: 'GET', path: '/page', timeoutMs: 5000 })).toEqual({ got: 'unreachable' })
})

test('a process that listens where it used to is not spoken to', async () => {
  const server = serve('secret')
  await found(server)
  const [port = 0] = listeningPorts(child?.pid ?? 0)
  child?.kill('SIGKILL')
  await until(() => listeningPorts(child?.pid ?? 0).length === 0, { what: 'its end' })
  const spokenTo: unknown[] = []
  const other = createServer((incoming, response) => {
    spokenTo.push(incoming.url)
    response.end('{}')
  })
  await new Promise<void>((resolve) => other.listen(port, '127.0.0.1', resolve))
  try {
    expect(await server.call({ method: 'GET', path: '/page', timeoutMs: 5000 })).toEqual({ got: 'unreachable' })
    await new Promise<void>((ended) => server.events({ opened: () => {}, event: () => {}, ended }))
    expect(spokenTo).toEqual([])
  } finally {
    await new Promise((resolve) => other.close(resolve))
  }
})

test('tells silence, after which it may have been done, from a call that never was', async () => {
  const server = serve('secret')
  await found(server)
  expect(await server.call({ method: 'POST', path: '/silent', body: {}, timeoutMs: 50 })).toEqual({ got: 'silence' })
  child?.kill('SIGKILL')
  await until(async () => (await server.call({ method: 'GET', path: '/page', timeoutMs: 5000 })).got === 'unreachable')
})

test('hands over each event, however the stream is cut, and tells its end once', async () => {
  const server = serve('secret')
  await found(server)
  const heard: unknown[] = []
  await new Promise<void>((resolve) =>
    server.events({ opened: () => heard.push('opened'), event: (event) => heard.push(event), ended: resolve }),
  )
  expect(heard).toEqual(['opened', { type: 'one' }, { type: 'two' }])
})

test('an event that does not end, ends the stream', async () => {
  const server = serve('secret', 'secret', { ENDLESS: 'yes' })
  await found(server)
  const heard: unknown[] = []
  await new Promise<void>((ended) => server.events({ opened: () => {}, event: (event) => heard.push(event), ended }, 10_000))
  expect(heard).toEqual([{ type: 'one' }])
})
