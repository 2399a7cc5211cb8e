import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'

const PROGRAM = join(import.meta.dirname, 'main.ts')
let directory: string

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'mf-llm-'))
})
afterAll(() => rm(directory, { recursive: true }))

async function start(...args: string[]) {
  const child = spawn(process.execPath, [PROGRAM, ...args], { stdio: ['ignore', 'pipe', 'pipe'] })
  let errors = ''
  child.stderr.on('data', (chunk) => {
    errors += chunk
  })
  const closed = once(child, 'close')
  const [line] = await Promise.race([
    once(createInterface(child.stdout), 'line'),
    closed.then(() => {
      throw new Error(errors)
    }),
  ])
  const { url } = JSON.parse(String(line)) as { url: string; pid: number }
  const stop = async () => {
    child.kill('SIGTERM')
    await closed
    return child.exitCode
  }
  return { url, stop, [Symbol.asyncDispose]: async () => void (await stop()) }
}

const say = async (url: string, content: string): Promise<unknown> => {
  const body = JSON.stringify({ model: 'm', messages: [{ role: 'user', content }] })
  const answer = (await (await fetch(`${url}/v1/chat/completions`, { method: 'POST', body })).json()) as {
    choices: { message: { content: string } }[]
  }
  return answer.choices[0]?.message.content
}

describe('the model server as a program', () => {
  test('it prints its URL, follows its script and a later one, and tells what it received', async () => {
    const script = join(directory, 'script.json')
    await writeFile(script, JSON.stringify({ queue: [{ text: 'from the file' }] }))
    await using program = await start('--port', '0', '--script', script)
    expect(await say(program.url, 'one')).toBe('from the file')
    const replaced = await fetch(`${program.url}/_admin/script`, {
      method: 'POST',
      body: JSON.stringify({ rules: [{ when: { contains: 'two' }, reply: { text: 'from the socket' } }] }),
    })
    expect(replaced.status).toBe(200)
    expect(await say(program.url, 'two')).toBe('from the socket')
    const told = (await (await fetch(`${program.url}/_admin/requests`)).json()) as object
    expect(told).toMatchObject({ modelRequests: 2, requests: [{ userTexts: ['one'] }, { userTexts: ['two'] }] })
    await fetch(`${program.url}/_admin/requests`, { method: 'DELETE' })
    expect(await (await fetch(`${program.url}/_admin/requests`)).json()).toMatchObject({ requests: [] })
    expect(await program.stop()).toBe(0)
  })

  test('a script with a misspelt key is refused with the place', async () => {
    const script = join(directory, 'bad.json')
    await writeFile(script, JSON.stringify({ queue: [{ txt: 'x' }] }))
    await expect(start('--script', script)).rejects.toThrow(/script\.queue\[0\]\.txt: expected one of the keys text/)
    await using program = await start()
    const refused = await fetch(`${program.url}/_admin/script`, { method: 'POST', body: '{"rules":[{"when":{}}]}' })
    expect(refused.status).toBe(400)
    expect(await refused.json()).toMatchObject({ error: { code: 'invalid', message: expect.stringContaining('script.rules[0].reply') } })
  })
})
