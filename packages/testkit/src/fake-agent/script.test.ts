import { describe, expect, test } from 'vitest'
import { MODE_NAMES, modeScript } from './modes.ts'
import { joinScripts, parseAgentScript } from './script.ts'

describe('a script', () => {
  test.each(MODE_NAMES)('mode %s is a valid one', (name) => {
    const script = modeScript(name, '/tmp/trigger')
    expect(parseAgentScript(JSON.stringify(script))).toEqual(script)
  })

  test('modes and files are combined, rules of all are kept', () => {
    const joined = joinScripts([modeScript('cooperative', undefined), modeScript('dialog', undefined), { prompt: '> ', rules: [] }])
    expect(joined).toMatchObject({ cooperative: true, prompt: '> ', rules: [{ do: { dialog: expect.any(String) } }] })
  })

  test.each([
    ['{"rule":[]}', 'script.rule: expected one of the keys prompt'],
    ['{"rules":[{"when":{"start":true}}]}', 'script.rules[0].do: expected a value'],
    ['{"rules":[{"when":{},"do":{"think":1}}]}', 'script.rules[0].when: expected exactly one of the keys start'],
    ['{"rules":[{"when":{"submit":"all"},"do":{"think":1}}]}', 'script.rules[0].when.submit: expected a number'],
    ['{"rules":[{"when":{"start":true},"do":{"die":{"signal":"SIGWHAT"}}}]}', 'script.rules[0].do.die.signal: expected one of SIGTERM'],
    ['[', 'script is no JSON'],
  ])('%s is refused with the place', (json, message) => {
    expect(() => parseAgentScript(json)).toThrow(message)
  })

  test('an unknown mode is refused, and one without its trigger file', () => {
    expect(() => modeScript('lazy', undefined)).toThrow(/no mode "lazy"/)
    expect(() => modeScript('constructor', undefined)).toThrow(/no mode/)
    expect(() => modeScript('hang-on-trigger', undefined)).toThrow(/needs a trigger file/)
  })
})
