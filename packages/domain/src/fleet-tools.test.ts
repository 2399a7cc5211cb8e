import { describe, expect, it } from 'vitest'
import { fleetTools, parseToolCall } from './fleet-tools.ts'

describe('the tools of agents', () => {
  it('are five, each with a schema of an object that allows nothing else', () => {
    const tools = fleetTools()
    expect(tools.map(({ name }) => name)).toEqual(['fleet_peers', 'fleet_send', 'fleet_inbox', 'fleet_report', 'fleet_escalate'])
    for (const { inputSchema } of tools) expect(inputSchema).toMatchObject({ type: 'object', additionalProperties: false })
  })

  it('demand of a model only what has no default', () => {
    const required = Object.fromEntries(fleetTools().map(({ name, inputSchema }) => [name, inputSchema['required'] ?? []]))
    expect(required).toEqual({
      fleet_peers: [],
      fleet_send: ['to', 'message'],
      fleet_inbox: [],
      fleet_report: ['kind', 'text'],
      fleet_escalate: ['trigger', 'text'],
    })
  })

  it('fill in the defaults of what was left out', () => {
    expect(parseToolCall('fleet_send', { to: 'a', message: 'b' })).toEqual({
      tool: 'fleet_send',
      input: { to: 'a', message: 'b', urgent: false, wait_seconds: 0 },
    })
    expect(parseToolCall('fleet_peers', undefined)).toEqual({ tool: 'fleet_peers', input: {} })
  })

  it.each([
    ['fleet_send', { to: 'a', message: 'b', from: 't@h:somebody' }, 'from'],
    ['fleet_send', { to: 'a', message: 'b', wait_seconds: 3600 }, 'wait_seconds'],
    ['fleet_report', { kind: 'progress', text: 'x', percent: 101 }, 'percent'],
    ['fleet_report', { kind: 'done', text: 'x' }, 'kind'],
    ['fleet_escalate', { trigger: 'tired', text: 'x' }, 'trigger'],
    ['fleet_inbox', { limit: 1000 }, 'limit'],
    ['fleet_inbox', { id: 'x' }, 'id'],
    ['fleet_send', 'text', 'object'],
  ])('refuse %s with %j, naming what is wrong', (tool, input, word) => {
    expect(parseToolCall(tool, input)).toEqual({ problem: expect.stringContaining(word) })
  })

  it('do not know others', () => {
    expect(parseToolCall('toString', {})).toBeUndefined()
  })
})
