import { type ChildProcess, spawn } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { SignalBody } from '@mosaic/domain/signal'
import { tempHome } from '@mosaic/testkit/temp-home'
import { until } from '@mosaic/testkit/until'
import { expect, test } from 'vitest'
import { Live, type LiveParts } from './live.ts'
import { Observer } from './observer.ts'

/**
 * Answers as OpenCode's server does that has no conversation. `FLOOD`: its first stream says more than anybody can keep, and
 * until that stream is closed it does not tell its configuration.
 */
const SERVER = `
const { createServer } = require('node:http')
let floods = process.env.FLOOD !== undefined
const waiting = []
const bodies = { '/config': {}, '/config/providers': { providers: [] }, '/path': {}, '/permission': [], '/question': [], '/session/status': {} }
createServer((request, response) => {
  const path = request.url.split('?')[0]
  const answer = () => response.end(JSON.stringify(path === '/session' ? { id: 'ses_1' } : bodies[path] ?? []))
  if (path === '/config' && floods) return waiting.push(answer)
  if (path !== '/event') return answer()
  response.writeHead(200, { 'content-type': 'text/event-stream' }).flushHeaders()
  if (!floods) return
  const event = 'data: ' + JSON.stringify({ type: 'other', text: 'x'.repeat(100000) }) + '\\n\\n'
  const more = () => response.destroyed || response.write(event, more)
  more()
  response.on('close', () => {
    floods = false
    for (const tell of waiting) tell()
  })
}).listen(0, '127.0.0.1')
`

async function world(env: Record<string, string> = {}) {
  const home = await tempHome()
  const child: ChildProcess = spawn(process.execPath, ['-e', SERVER], {
    env: { OPENCODE_SERVER_PASSWORD: 'secret', ...env },
    stdio: 'ignore',
  })
  const log: string[] = []
  const stateDirectory = join(home.root, 'state')
  const live = () =>
    new Live({
      agent: { name: 'coder0' } as LiveParts['agent'],
      pid: child.pid ?? 0,
      stateDirectory,
      screen: async () => 'drawn',
      log: (text) => log.push(text),
      nowMs: Date.now,
    })
  return {
    log,
    child,
    live,
    stateDirectory,
    async [Symbol.asyncDispose]() {
      child.kill('SIGKILL')
      await home[Symbol.asyncDispose]()
    },
  }
}

test('what cannot be stored is told, and said again by the next look', async () => {
  await using at = await world()
  writeFileSync(at.stateDirectory, 'where a directory should be')
  const stored: string[] = []
  let full = true
  let refused = 0
  using _ = new Observer(at.live(), ({ kind }: SignalBody) => {
    if (!full) return void stored.push(kind)
    refused += 1
    throw new Error('no space left')
  })
  await until(() => at.log.length > 0)
  expect(at.log[0]).toContain('no space left')
  full = false
  await until(() => stored.includes('ready'))
  full = true
  refused = 0
  at.child.kill('SIGKILL')
  await until(() => refused > 0)
  full = false
  await until(() => stored.includes('stopped'))
})

test('a flood of events while it is caught up ends the stream, and it is caught up anew', async () => {
  await using at = await world({ FLOOD: 'yes' })
  const heard: string[] = []
  using _ = new Observer(at.live(), ({ kind }) => heard.push(kind))
  await until(() => heard.includes('ready'))
})
