import { until } from '@mosaic/testkit/until'
import { describe, expect, test } from 'vitest'
import { Deliveries } from './deliveries.ts'

function delivering() {
  const sent: string[] = []
  const lost: string[] = []
  const pi = { open: true, busy: false }
  const deliveries = new Deliveries({
    open: () => pi.open,
    busy: () => pi.busy,
    send: ({ id }) => sent.push(id),
    lost: ({ id }) => lost.push(id),
    lookMs: 5,
  })
  return { deliveries, sent, lost, pi, [Symbol.dispose]: () => deliveries[Symbol.dispose]() }
}

const message = (id: string) => ({ id, text: id, urgent: false })

describe('messages on their way into pi', () => {
  test('go one at a time, in order', () => {
    using on = delivering()
    for (const id of ['a', 'b', 'c']) on.deliveries.add(message(id))
    expect(on.sent).toEqual(['a'])
    expect(on.deliveries.has('c')).toBe(true)
    on.deliveries.arrived('b')
    expect(on.sent).toEqual(['a'])
    on.deliveries.arrived('a')
    expect(on.sent).toEqual(['a', 'b'])
    expect(on.deliveries.isSending('b')).toBe(true)
    expect(on.deliveries.has('a')).toBe(false)
  })

  test('wait while pi would throw them away', () => {
    using on = delivering()
    on.pi.open = false
    on.deliveries.add(message('a'))
    expect(on.sent).toEqual([])
    on.pi.open = true
    on.deliveries.pump()
    expect(on.sent).toEqual(['a'])
  })

  test('are given again when pi did not begin with them, and let others pass in the end', async () => {
    using on = delivering()
    on.deliveries.add(message('a'))
    on.deliveries.add(message('b'))
    await until(() => on.lost.length === 2)
    expect(on.sent).toEqual(['a', 'a', 'a', 'b', 'b', 'b'])
    expect(on.lost).toEqual(['a', 'b'])
  })

  test('are not given again while pi is busy with what they may wait for', async () => {
    using on = delivering()
    on.pi.busy = true
    on.deliveries.add(message('a'))
    const looked = { times: 0 }
    using other = delivering()
    other.deliveries.add(message('x'))
    await until(() => other.lost.length === 1 && ++looked.times > 3)
    expect(on.sent).toEqual(['a'])
    on.deliveries.arrived('a')
    expect(on.lost).toEqual([])
  })
})
