import { mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { LinkClient } from '../link/link-client.ts'
import { LinkServer } from '../link/link-server.ts'
import { deliverOver, parseRuntimeAnswer, resetOver } from './link-session.ts'

let directory = ''
beforeEach(() => {
  directory = mkdtempSync('/tmp/msession-')
})
afterEach(() => rmSync(directory, { recursive: true, force: true }))

const message = { id: 'm', urgent: true }

describe('an answer over the link', () => {
  test('is taken for one only when it says who and what', () => {
    const answer = { pid: 5, activity: 'busy', detail: 'x', ready: true, turn: 2, model: 'm', contextUsed: 7 }
    expect(parseRuntimeAnswer(answer)).toEqual(answer)
    expect(parseRuntimeAnswer({ pid: 5, activity: 'idle' })).toEqual({
      pid: 5,
      activity: 'idle',
      detail: null,
      ready: false,
      turn: 0,
      model: null,
      contextUsed: null,
    })
    for (const value of [null, 'idle', {}, { activity: 'idle' }, { pid: 1, activity: 'dancing' }, { pid: '1', activity: 'idle' }]) {
      expect(parseRuntimeAnswer(value)).toBeUndefined()
    }
  })
})

describe('handing a message over', () => {
  const path = () => join(directory, 'link')
  const deliver = () => deliverOver(new LinkClient(path()), message, 'text')

  test('says what the runtime says', async () => {
    let asked: unknown
    let says: unknown = { outcome: 'handed-over' }
    using _server = await LinkServer.listen(path(), {
      deliver: (request) => {
        asked = request
        return says
      },
    })
    expect(await deliver()).toEqual({ outcome: 'handed-over' })
    expect(asked).toMatchObject({ messageId: 'm', text: 'text', urgent: true })
    says = { outcome: 'refused', because: 'dialog', detail: 'May I?' }
    expect(await deliver()).toEqual(says)
    says = { outcome: 'refused', because: 'whim' }
    expect(await deliver()).toEqual({ outcome: 'refused', because: 'hung', detail: '' })
  })

  test('is refused for certain when nobody listens', async () => {
    expect(await deliver()).toMatchObject({ outcome: 'refused', because: 'hung' })
  })

  test('is in doubt, and so handed over, when the runtime fails at it: it may have kept it before', async () => {
    const kept: unknown[] = []
    using _server = await LinkServer.listen(path(), {
      deliver: (request) => {
        kept.push(request)
        throw new Error('after it was kept')
      },
    })
    expect(await deliver()).toEqual({ outcome: 'handed-over' })
    expect(kept).toHaveLength(1)
  })

  test('is in doubt, and so handed over, when the runtime took it and says nothing', async () => {
    const silent = createServer((socket) => socket.once('data', () => socket.destroy()))
    await new Promise<void>((resolve) => silent.listen(path(), resolve))
    expect(await deliver()).toEqual({ outcome: 'handed-over' })
    silent.close()
  })
})

describe('a reset over the link', () => {
  const path = () => join(directory, 'link')
  const reset = () => resetOver(new LinkClient(path()))

  test.each([
    ['done', { reset: () => true }],
    ['failed', { reset: () => false }],
    [
      'failed',
      {
        reset: () => {
          throw new Error('in the middle')
        },
      },
    ],
    ['none', {}],
  ])('is %s as the runtime says', async (result, handlers) => {
    using _server = await LinkServer.listen(path(), handlers)
    expect(await reset()).toBe(result)
  })

  test('has failed, and is not taken for one that there is not, when nobody answers', async () => {
    expect(await reset()).toBe('failed')
    const silent = createServer((socket) => socket.once('data', () => socket.destroy()))
    await new Promise<void>((resolve) => silent.listen(path(), resolve))
    expect(await reset()).toBe('failed')
    silent.close()
  })
})
