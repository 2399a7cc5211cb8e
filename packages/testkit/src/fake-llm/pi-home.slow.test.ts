import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { type TempHome, tempHome } from '../temp-home.ts'
import { writePiHome } from './pi-home.ts'
import { PROTOCOL_IDS } from './protocol.ts'
import { startFakeLlm } from './server.ts'

const PI = join(import.meta.dirname, '../../../../node_modules/@earendil-works/pi-coding-agent/dist/bundle/cli.js')

async function print(home: TempHome, env: Record<string, string>, ...args: string[]) {
  const child = spawn(process.execPath, [PI, ...args], { cwd: home.home, env: { ...home.env, ...env }, stdio: ['ignore', 'pipe', 'pipe'] })
  const output = { stdout: '', stderr: '' }
  child.stdout.on('data', (chunk) => {
    output.stdout += chunk
  })
  child.stderr.on('data', (chunk) => {
    output.stderr += chunk
  })
  const [status] = await once(child, 'close')
  return { status, ...output }
}

/** The last message in the session file that pi wrote. */
function lastMessage(agentDirectory: string): unknown {
  const sessions = join(agentDirectory, 'sessions')
  const [file] = readdirSync(sessions, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.jsonl'))
  const lines = readFileSync(join(sessions, file ?? ''), 'utf8')
    .trim()
    .split('\n')
  return (JSON.parse(lines.at(-1) ?? '{}') as { message: unknown }).message
}

describe.each(PROTOCOL_IDS)('the real pi over %s', (api) => {
  test('it prints the scripted answer, and nobody asked for a login', async () => {
    await using home = await tempHome()
    await using llm = await startFakeLlm({ queue: [{ text: 'Grüße 👩‍🚀 from the script' }] })
    const pi = writePiHome(home.home, llm.url, { api })
    const result = await print(home, pi.env, '-p', 'hello')
    expect(result).toEqual({ status: 0, stdout: 'Grüße 👩‍🚀 from the script\n', stderr: '' })
    expect(llm.requests().map(({ kind, request }) => [kind, request?.protocol, request?.prompt])).toEqual([['model', api, 'hello']])
  })

  test('it runs a scripted tool, sends back its result, and books the scripted usage', async () => {
    await using home = await tempHome()
    const usage = { input: 10, output: 20, cacheRead: 30, cacheWrite: 5 }
    const call = { name: 'bash', input: { command: 'echo tool-$((40 + 2))' } }
    await using llm = await startFakeLlm({
      rules: [{ when: { contains: 'run it' }, reply: { text: 'I run it.', toolCalls: [call] } }],
      fallback: { text: 'done', usage },
    })
    const pi = writePiHome(home.home, llm.url, { api })
    expect(await print(home, pi.env, '-p', 'run it')).toMatchObject({ status: 0, stdout: 'done\n' })
    expect(llm.modelRequestCount()).toBe(2)
    expect(llm.requests()[1]?.request?.toolResults).toEqual(['tool-42\n'])
    expect(lastMessage(pi.agentDirectory)).toMatchObject({ stopReason: 'stop', usage: { ...usage, totalTokens: 65 } })
  })

  test('it tries again after a cut connection, a limit and a broken stream', async () => {
    await using home = await tempHome()
    await using llm = await startFakeLlm({
      queue: [{ hangUp: true }, { status: 429 }, { errorType: api === 'anthropic-messages' ? 'overloaded_error' : 'server_error' }],
      fallback: { text: 'at last' },
    })
    const pi = writePiHome(home.home, llm.url, { api, settings: { retry: { baseDelayMs: 1 } } })
    const result = await print(home, pi.env, '-p', 'hello')
    expect({ ...result, outcomes: llm.requests().map((record) => record.outcome) }).toMatchObject({
      status: 0,
      stdout: 'at last\n',
      outcomes: ['hung-up', 'failed', 'failed', 'answered'],
    })
  })

  test('it gives up at once when its key is refused', async () => {
    await using home = await tempHome()
    await using llm = await startFakeLlm({ apiKey: 'another key' })
    const pi = writePiHome(home.home, llm.url, { api })
    const result = await print(home, pi.env, '-p', 'hello')
    expect(result.status).not.toBe(0)
    expect(result.stderr).toContain('invalid api key')
    expect(llm.modelRequestCount()).toBe(1)
  })
})
