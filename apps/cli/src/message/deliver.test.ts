import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { createServer, type Socket } from 'node:net'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import type { Receipt } from '@mosaic/domain/message'
import { resolvePaths } from '@mosaic/host/paths'
import { beforeEach, describe, expect, test } from 'vitest'
import { EXIT } from '../exit-codes.ts'
import { TemporaryHome } from '../test-run.ts'

const ID = '01m8c1ksyeydzaeftt2b0jzbar'
const ROSTER = { tenant_id: 't', host: 'h' }

let home: TemporaryHome
beforeEach(async () => {
  home = new TemporaryHome()
  const { status, stderr } = await home.run(['fleet', 'init', '--write'])
  expect(status, stderr).toBe(EXIT.done)
  return () => home[Symbol.dispose]()
})

const send = (...options: string[]) => home.run(['agent', 'send', 'orchestrator', '--message', 'hi', '--id', ID, ...options])

/** A service that takes what is said and answers only some of it. */
async function silentService(answers: Readonly<Record<string, unknown>> = {}) {
  const { sockets, serviceLock, serviceSocket } = resolvePaths({ env: { MOSAIC_HOME: home.path } })
  mkdirSync(sockets, { recursive: true, mode: 0o700 })
  writeFileSync(serviceLock, '')
  const asked: string[] = []
  const peers: Socket[] = []
  const server = createServer((socket) => {
    peers.push(socket.on('error', () => {}))
    // A reader passes on the errors of what it reads.
    const lines = createInterface({ input: socket }).on('error', () => {})
    lines.on('line', (line) => {
      const { id, method } = JSON.parse(line) as { id: number; method: string }
      asked.push(method)
      if (method in answers) socket.write(`${JSON.stringify({ id, result: answers[method] })}\n`)
    })
  })
  await new Promise<void>((resolve) => server.listen(serviceSocket, resolve))
  return {
    asked,
    async [Symbol.asyncDispose]() {
      for (const peer of peers) peer.destroy()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

describe('a verified send without a fleet that runs', () => {
  test('stores nothing and says so', async () => {
    const { status, stdout } = await send('--verify', '--json')
    expect(status).toBe(EXIT.notDone)
    expect(JSON.parse(stdout)).toMatchObject({
      state: 'refused',
      reason: 'not-running',
      detail: expect.stringContaining('nothing was stored'),
    })
    expect(existsSync(join(home.path, 'fleet', 'spool', 'spool.db'))).toBe(false)
  })

  test('of what was stored before answers the receipt that exists', async () => {
    expect((await send()).status).toBe(EXIT.done)
    const again = await send('--verify', '--json')
    expect(again.status).toBe(EXIT.notDone)
    expect(JSON.parse(again.stdout)).toMatchObject({ id: ID, state: 'stored' })
    expect((await send('--verify')).stdout).not.toContain('nothing was stored')
    const other = await home.run(['agent', 'send', 'enhancer', '--message', 'other', '--id', ID, '--verify'])
    expect(other.status).toBe(EXIT.refused)
  })
})

describe('a host service', () => {
  const agent = (wanted: boolean) => ({ name: 'orchestrator', tenant_id: 't', host: 'h', supervisor: { wanted } })
  const snapshot = (wanted: boolean) => ({ ...ROSTER, agents: [agent(wanted)] })

  test('that is silent ends the send soon after its time, and nothing is said to be stored that never went out', async () => {
    await using service = await silentService()
    const { status, stderr } = await send('--verify', '--verify-timeout', '1')
    expect(status).toBe(EXIT.notDone)
    expect(stderr).toContain('did not answer')
    expect(stderr).not.toContain('may have been stored')
    expect([...new Set(service.asked)]).toEqual(['status', 'snapshot'])
  })

  test('that falls silent once the message went out leaves open whether it was stored', async () => {
    await using service = await silentService({ snapshot: snapshot(true) })
    const { status, stderr } = await send('--verify', '--verify-timeout', '1')
    expect(status).toBe(EXIT.notDone)
    expect(stderr).toContain(`message ${ID} may have been stored`)
    expect(service.asked).toContain('send')
  })

  test('that knows the message of a stopped agent answers its receipt instead of a refusal', async () => {
    const receipt: Partial<Receipt> = { id: ID, to: 't@h:orchestrator', state: 'accepted', signal: 's', reason: null, latency_ms: 1 }
    await using service = await silentService({ snapshot: snapshot(false), receipt, send: receipt })
    const { status, stdout } = await send('--verify', '--json')
    expect(JSON.parse(stdout)).toEqual(receipt)
    expect(status).toBe(EXIT.done)
    expect(service.asked).not.toContain('waitForReceipt')
  })
})
