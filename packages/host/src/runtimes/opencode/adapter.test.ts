import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { defineFleet } from '@mosaic/domain/agent'
import type { LaunchContext } from '@mosaic/domain/ports/runtime'
import type { AgentEntry } from '@mosaic/domain/roster'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { opencodeAdapter } from './adapter.ts'
import { RECORD_FILE, SessionRecord } from './session-record.ts'

let directory = ''
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'mosaic-oca-'))
})
afterEach(() => rmSync(directory, { recursive: true, force: true }))

const machine = { tenantId: 't', host: 'h', homeDirectory: '/home/t', heartbeatIntervalMs: undefined }

function contextOf(entry: Partial<AgentEntry>, resume: boolean): LaunchContext {
  const [agent] = defineFleet({ version: 1, agents: [{ name: 'a0', runtime: 'opencode', ...entry }] }, machine).agents
  if (agent === undefined) throw new Error('no agent')
  const at = (name: string) => join(directory, name)
  return {
    agent,
    program: { argv: ['/opencode'], version: '1.18.33' },
    contractFile: at('contract.md'),
    heartbeatFile: at('hb'),
    journalFile: at('journal'),
    linkSocket: at('link'),
    stateDirectory: directory,
    launchId: 'l0',
    resume,
    endpoint: { url: 'http://127.0.0.1:1', tokenVariable: 'MOSAIC_FLEET_TOKEN' },
  }
}

const adapter = opencodeAdapter('')
const launch = (entry: Partial<AgentEntry> = {}, resume = false) => adapter.launch(contextOf(entry, resume))
const after = (argv: readonly string[], flag: string) => argv[argv.indexOf(flag) + 1]

describe('launching OpenCode', () => {
  test('makes it listen on loopback alone, on whichever port is free', () => {
    const { argv } = launch()
    expect([after(argv, '/opencode'), after(argv, '--port'), after(argv, '--hostname')]).toEqual(['--port', '0', '127.0.0.1'])
  })

  test('gives each launch a password of its own, in the environment alone', () => {
    const passwords = [launch(), launch()].map(({ env }) => env['OPENCODE_SERVER_PASSWORD'] ?? '')
    expect(new Set(passwords).size).toBe(2)
    expect(passwords.every((password) => password.length >= 32)).toBe(true)
    expect(launch().argv.some((word) => passwords.includes(word))).toBe(false)
  })

  test('lets it do everything unasked only where the roster says so', () => {
    expect(launch().argv).not.toContain('--auto')
    expect(launch({ yolo: true }).argv).toContain('--auto')
  })

  test('asks for the model of the roster, and refuses one that has no provider', () => {
    const { argv, env } = launch({ model_hint: 'anthropic/claude-x' })
    expect(after(argv, '--model')).toBe('anthropic/claude-x')
    expect(JSON.parse(env['OPENCODE_CONFIG_CONTENT'] ?? '')).toMatchObject({ model: 'anthropic/claude-x' })
    expect(launch().argv).not.toContain('--model')
    expect(() => launch({ model_hint: 'claude-x' })).toThrow('provider/model')
  })

  test('goes on with the conversation on record, and with none when it is to begin anew', () => {
    SessionRecord.in(directory).enter('ses_abc', 1)
    expect(after(launch({}, true).argv, '--session')).toBe('ses_abc')
    expect(launch({}, false).argv).not.toContain('--session')
    expect(launch({}, true).argv).not.toContain('--session')
    expect(readFileSync(join(directory, RECORD_FILE), 'utf8')).toContain('ses_abc')
  })

  test('does not fetch or replace programs, unless the roster says otherwise', () => {
    expect(launch().env).toMatchObject({ OPENCODE_DISABLE_AUTOUPDATE: '1', OPENCODE_DISABLE_LSP_DOWNLOAD: '1' })
    const context = contextOf({}, false)
    const agent = { ...context.agent, env: { OPENCODE_DISABLE_LSP_DOWNLOAD: '' } }
    expect(adapter.launch({ ...context, agent }).env['OPENCODE_DISABLE_LSP_DOWNLOAD']).toBe('')
  })
})

test('recognises its native program by every name that it is installed under', () => {
  const names = ['/usr/bin/opencode', '/n/opencode-ai/bin/opencode.exe', 'opencode']
  expect(names.map((name) => adapter.recognises([name, '--port', '0']))).toEqual([true, true, true])
  expect(adapter.recognises(['node', '/x/opencode-viewer.js'])).toBe(false)
  expect(adapter.recognises(['flock', '-w', '300', '/home/t/data', '/usr/bin/opencode', 'db', 'path'])).toBe(true)
})
