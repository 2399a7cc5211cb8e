import type { FleetEvent } from '@mosaic/domain/agent-record'
import { FakeClock, turn } from '@mosaic/testkit/fake-clock'
import { describe, expect, it } from 'vitest'
import { FleetEvents } from './fleet-events.ts'

const event = (kind: string) => ({ tenant_id: 't', host: 'h', agent: null, kind, detail: {} })

/** Follows until it is aborted, and keeps what came. */
function follow(events: FleetEvents, sinceSeq?: number) {
  const controller = new AbortController()
  const seen: FleetEvent[] = []
  const done = (async () => {
    const options = { signal: controller.signal, ...(sinceSeq === undefined ? {} : { sinceSeq }) }
    for await (const item of events.follow(options)) seen.push(item)
  })()
  return { controller, seen, done, kinds: () => seen.map(({ kind }) => kind) }
}

describe('the events of a fleet', () => {
  it('come to everybody who follows, from then on, in order', async () => {
    const events = new FleetEvents(new FakeClock())
    events.add(event('before'))
    const [a, b] = [follow(events), follow(events)]
    await turn()
    for (const kind of ['one', 'two', 'three']) events.add(event(kind))
    await turn()
    expect([a.kinds(), b.kinds()]).toEqual([
      ['one', 'two', 'three'],
      ['one', 'two', 'three'],
    ])
    const numbers = a.seen.map(({ seq }) => seq)
    expect(numbers).toEqual([...numbers].sort((x, y) => x - y))
    expect(new Set(numbers).size).toBe(3)
    for (const one of [a, b]) {
      one.controller.abort()
      await one.done
    }
  })

  it('are taken up after the last one that was seen, none twice and none left out', async () => {
    const events = new FleetEvents(new FakeClock())
    const first = follow(events)
    await turn()
    for (const kind of ['one', 'two']) events.add(event(kind))
    await turn()
    first.controller.abort()
    await first.done
    events.add(event('three'))
    const second = follow(events, first.seen.at(-1)?.seq ?? 0)
    await turn()
    events.add(event('four'))
    await turn()
    expect(second.kinds()).toEqual(['three', 'four'])
    second.controller.abort()
    await second.done
  })

  it('have larger numbers in a later service', async () => {
    const clock = new FakeClock()
    const earlier = new FleetEvents(clock)
    const old = follow(earlier)
    await turn()
    for (let index = 0; index < 500; index += 1) earlier.add(event('old'))
    await turn()
    old.controller.abort()
    await old.done
    clock.advance(10)
    const later = new FleetEvents(clock)
    later.add(event('new'))
    const again = follow(later, old.seen.at(-1)?.seq ?? 0)
    await turn()
    expect(again.kinds()).toEqual(['new'])
    again.controller.abort()
    await again.done
  })

  it('are not lost between two looks of a slow reader', async () => {
    const events = new FleetEvents(new FakeClock())
    const controller = new AbortController()
    const seen: string[] = []
    const done = (async () => {
      for await (const { kind } of events.follow({ signal: controller.signal })) {
        seen.push(kind)
        if (seen.length < 4) events.add(event(`during ${kind}`))
        await turn()
        events.add(event('later'))
        if (seen.length === 8) controller.abort()
      }
    })()
    await turn()
    events.add(event('first'))
    await done
    expect(seen.slice(0, 3)).toEqual(['first', 'during first', 'later'])
    expect(seen).toHaveLength(8)
  })

  it('end at once for who aborted before, and free what they held', async () => {
    const events = new FleetEvents(new FakeClock())
    const aborted = AbortSignal.abort()
    const seen: FleetEvent[] = []
    for await (const item of events.follow({ signal: aborted, sinceSeq: 0 })) seen.push(item)
    expect(seen).toEqual([])
    const left = follow(events)
    await turn()
    left.controller.abort()
    await left.done
    events.add(event('after'))
    await turn()
    expect(left.seen).toEqual([])
  })

  it('are kept in bounded number', async () => {
    const events = new FleetEvents(new FakeClock())
    for (let index = 0; index < 5_000; index += 1) events.add({ ...event('many'), detail: { index } })
    const late = follow(events, 0)
    await turn()
    expect(late.seen.length).toBeLessThanOrEqual(2_000)
    expect(late.seen.at(-1)?.detail).toEqual({ index: 4_999 })
    late.controller.abort()
    await late.done
  })
})
