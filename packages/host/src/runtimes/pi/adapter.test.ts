import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { defineFleet } from '@mosaic/domain/agent'
import type { LaunchContext } from '@mosaic/domain/ports/runtime'
import type { AgentEntry } from '@mosaic/domain/roster'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { piAdapter } from './adapter.ts'
import { SESSION_FILE } from './session-file.ts'

let directory = ''
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'mosaic-pia-'))
})
afterEach(() => rmSync(directory, { recursive: true, force: true }))

const machine = { tenantId: 't', host: 'h', homeDirectory: '/home/t', heartbeatIntervalMs: undefined }

function contextOf(entry: Partial<AgentEntry>, resume: boolean): LaunchContext {
  const [agent] = defineFleet({ version: 1, agents: [{ name: 'a0', runtime: 'pi', ...entry }] }, machine).agents
  if (agent === undefined) throw new Error('no agent')
  const at = (name: string) => join(directory, name)
  return {
    agent,
    program: { argv: ['/node', '/pi.js'], version: '1' },
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

const launch = (entry: Partial<AgentEntry> = {}, resume = false) => piAdapter('').launch(contextOf(entry, resume))
const after = (argv: readonly string[], flag: string) => argv[argv.indexOf(flag) + 1]
const record = (value: unknown) => writeFileSync(join(directory, SESSION_FILE), typeof value === 'string' ? value : JSON.stringify(value))

describe('launching pi', () => {
  test('passes the extension and the contract, and trusts no project by itself', () => {
    const { argv } = launch()
    expect(argv.slice(0, 2)).toEqual(['/node', '/pi.js'])
    expect(after(argv, '--extension')).toMatch(/\/pi-extension\.mjs$/)
    expect(after(argv, '--append-system-prompt')).toBe(join(directory, 'contract.md'))
    expect(argv).toContain('--no-approve')
    expect(argv).not.toContain('--model')
    expect(launch({ yolo: true }).argv).toContain('--approve')
  })

  test('asks for the model and effort of the roster', () => {
    const { argv } = launch({ model_hint: 'anthropic/claude-x', effort: 'high' })
    expect([after(argv, '--model'), after(argv, '--thinking')]).toEqual(['anthropic/claude-x', 'high'])
  })

  test('looks for no updates and reports to nobody, unless the roster says otherwise', () => {
    expect(launch().env).toEqual({ PI_OFFLINE: '1', PI_SKIP_VERSION_CHECK: '1', PI_TELEMETRY: '0' })
    const context = contextOf({}, false)
    const agent = { ...context.agent, env: { PI_OFFLINE: '' } }
    expect(piAdapter('').launch({ ...context, agent }).env['PI_OFFLINE']).toBe('')
  })

  test("inherits the keys of providers and pi's own settings, and no session of another pi", () => {
    const { inherit } = launch()
    expect(inherit).toEqual(expect.arrayContaining(['ANTHROPIC_API_KEY', 'OPENAI_API_KEY', 'PI_CODING_AGENT_DIR']))
    expect(inherit.filter((name) => /^PI_(SESSION_ID|SESSION_FILE|MODEL|PROVIDER)$|^MOSAIC_/.test(name))).toEqual([])
    expect(new Set(inherit).size).toBe(inherit.length)
  })

  test('resumes the conversation that the extension recorded', () => {
    const file = join(directory, 'session.jsonl')
    writeFileSync(file, '')
    record({ id: 'abc-1', file, cwd: '/' })
    expect(after(launch({}, true).argv, '--session-id')).toBe('abc-1')
  })

  test.each([
    ['nothing was recorded', () => {}],
    ['the record is no record', () => record('{')],
    ['the id is none', () => record({ id: '--approve', file: '/dev/null' })],
    ['the conversation is not on the disk', () => record({ id: 'abc-1', file: '/nowhere/x.jsonl' })],
  ])('begins a new conversation when %s', (_why, prepare) => {
    prepare()
    expect(launch({}, true).argv).not.toContain('--session-id')
  })

  test('forgets the old conversation when a new one is wanted', () => {
    record({ id: 'abc-1', file: directory })
    expect(launch({}, false).argv).not.toContain('--session-id')
    expect(existsSync(join(directory, SESSION_FILE))).toBe(false)
  })
})
