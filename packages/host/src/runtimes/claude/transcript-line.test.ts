import { describe, expect, it } from 'vitest'
import { saidIn, withoutPasteMark } from './transcript-line.ts'

const ID = '01m8cm1d3b3th0rn6vynfjnc34'
const preamble = (id: string) => `[t@h:a -> t@h:b #${id}]`
const line = (fields: object) => JSON.stringify(fields)
const call = (id: string, fields: object = {}) => ({
  type: 'assistant',
  isSidechain: false,
  message: { id, model: 'claude-x', stop_reason: 'end_turn', content: [], usage: { input_tokens: 3, output_tokens: 4 }, ...fields },
})

describe('a line of a transcript', () => {
  it('says which prompt is in the conversation, and which turn it opened', () => {
    const prompt = line({ type: 'user', message: { content: `${preamble(ID)}\nhello` }, turnPosition: { turnIndex: 7 } })
    expect(saidIn(prompt)).toEqual([{ kind: 'prompt', texts: [`${preamble(ID)}\nhello`], turn: 7 }])
  })

  it('says every text of a turn that several messages opened together', () => {
    const content = [{ type: 'text', text: 'one' }, { type: 'image' }, { type: 'text', text: 'two' }]
    expect(saidIn(line({ type: 'user', message: { content } }))).toEqual([{ kind: 'prompt', texts: ['one', 'two'], turn: undefined }])
  })

  it('says what joined a running turn', () => {
    const attachment = { type: 'queued_command', prompt: 'meanwhile' }
    expect(saidIn(line({ type: 'attachment', attachment }))).toEqual([{ kind: 'prompt', texts: ['meanwhile'], turn: undefined }])
  })

  it('says what waits behind the turn', () => {
    expect(saidIn(line({ type: 'queue-operation', operation: 'enqueue', content: 'later' }))).toEqual([{ kind: 'queued', text: 'later' }])
    expect(saidIn(line({ type: 'queue-operation', operation: 'dequeue' }))).toEqual([])
  })

  it('says the tokens of a call, each kind apart', () => {
    const usage = {
      input_tokens: 1,
      output_tokens: 20,
      cache_read_input_tokens: 300,
      cache_creation_input_tokens: 4000,
      output_tokens_details: { thinking_tokens: 5 },
    }
    expect(saidIn(line(call('msg_1', { usage })))).toEqual([
      {
        kind: 'call',
        id: 'msg_1',
        final: true,
        isSub: false,
        usage: { input: 1, output: 20, cache_read: 300, cache_write: 4000, reasoning: 5, cost_usd: null, model: 'claude-x' },
      },
    ])
    expect(saidIn(line(call('msg_1', { stop_reason: null })))).toMatchObject([{ kind: 'call', final: false }])
  })

  it('tells a call that failed from one that cost something', () => {
    const failed = {
      ...call('msg_1', { model: '<synthetic>', content: [{ type: 'text', text: 'API Error: 401' }] }),
      isApiErrorMessage: true,
    }
    expect(saidIn(line({ ...failed, error: 'authentication_failed' }))).toEqual([
      { kind: 'failed', error: 'authentication_failed', detail: 'API Error: 401' },
    ])
    expect(saidIn(line(call('msg_1', { model: '<synthetic>' })))).toEqual([])
  })

  it('says the end of a turn, also of one that a person interrupted', () => {
    expect(saidIn(line({ type: 'system', subtype: 'turn_duration' }))).toEqual([{ kind: 'turn-over' }])
    expect(saidIn(line({ type: 'user', message: { content: [{ type: 'text', text: '[Request interrupted by user]' }] } }))).toEqual([
      { kind: 'turn-over' },
    ])
  })

  it('says that a person took what waited into the composer', () => {
    expect(saidIn(line({ type: 'queue-operation', operation: 'popAll', content: 'x' }))).toEqual([{ kind: 'unqueued' }])
    expect(saidIn(line({ type: 'queue-operation', operation: 'dequeue' }))).toEqual([])
  })

  it('says a request to the model without reading what is in it', () => {
    expect(saidIn('{"type":"api-request","params":')).toEqual([{ kind: 'request' }])
    expect(saidIn('{"type":"api-request-blob","message":{"role":"user","content":"x"}}')).toEqual([])
  })

  it.each([
    '',
    'no JSON',
    '[]',
    '{}',
    'null',
    '"user"',
    '{"type":"user"}',
    '{"type":"assistant","message":5}',
    '{"type":"user","isMeta":true,"message":{"content":"x"}}',
  ])('says nothing where there is nothing known: %s', (text) => {
    expect(saidIn(text)).toEqual([])
  })
})

it('takes the mark of a paste from a text, and nothing else', () => {
  expect(withoutPasteMark('\n\n<pasted_content id="ac03">\none\n\n</pasted_content id="ac03">\n')).toBe('one\n')
  expect(withoutPasteMark('one\n')).toBe('one\n')
})
