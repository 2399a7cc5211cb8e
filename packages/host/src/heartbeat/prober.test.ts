import { readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { RuntimeAnswer } from '@mosaic/domain/ports/runtime'
import { FakeClock, turn } from '@mosaic/testkit/fake-clock'
import { tempHome } from '@mosaic/testkit/temp-home'
import { describe, expect, it } from 'vitest'
import { readHeartbeat } from './observer.ts'
import { HeartbeatProber, type Probed } from './prober.ts'

const ANSWER: RuntimeAnswer = { pid: 4711, activity: 'busy', detail: null, ready: true, turn: 3, model: 'm1', contextUsed: 1_000 }

async function world() {
  const home = await tempHome()
  const clock = new FakeClock()
  const file = join(home.root, 'coder0.hb')
  const asked: number[] = []
  let answer = (_timeoutMs: number): Promise<RuntimeAnswer | undefined> => Promise.resolve(ANSWER)
  const probed: Probed = {
    name: 'coder0',
    heartbeat: 'probed',
    session: {
      ask: (timeoutMs) => {
        asked.push(timeoutMs)
        return answer(timeoutMs)
      },
      reset: async () => 'none',
    },
    pid: process.pid,
    heartbeatFile: file,
    intervalMs: 15_000,
  }
  const said: string[] = []
  const prober = new HeartbeatProber({ clock, log: (text) => said.push(text) })
  return {
    clock,
    file,
    asked,
    said,
    prober,
    follow: (changes: Partial<Probed> = {}) => prober.follow({ ...probed, ...changes }),
    answers: (by: typeof answer) => {
      answer = by
    },
    beat: () => readHeartbeat(file),
    async [Symbol.asyncDispose]() {
      prober[Symbol.dispose]()
      await turn()
      await home[Symbol.asyncDispose]()
    },
  }
}

describe('a runtime that is probed', () => {
  it('is asked at once and then each interval, and every answer is its heartbeat', async () => {
    await using it = await world()
    it.follow()
    await it.clock.elapse(0)
    expect(it.asked).toEqual([5_000])
    expect(it.beat()).toEqual({
      beat: {
        tsMs: it.clock.wallMs(),
        pid: process.pid,
        status: 'busy',
        source: 'probe',
        model: 'm1',
        turn: 3,
        contextUsed: 1_000,
        intervalMs: 15_000,
      },
    })
    await it.clock.elapse(14_999)
    expect(it.asked).toHaveLength(1)
    await it.clock.elapse(1)
    expect(it.asked).toHaveLength(2)
    expect(it.beat()).toMatchObject({ beat: { tsMs: it.clock.wallMs() } })
  })

  it('may take no longer than its interval', async () => {
    await using it = await world()
    it.follow({ intervalMs: 500 })
    await it.clock.elapse(0)
    expect(it.asked).toEqual([500])
  })

  it('that does not answer is written nothing for, and is asked again sooner', async () => {
    await using it = await world()
    it.answers(async () => undefined)
    it.follow()
    await it.clock.elapse(2_000)
    expect(it.beat()).toBeUndefined()
    expect(it.asked).toHaveLength(2)
    it.answers(() => Promise.reject(new Error('broken')))
    await it.clock.elapse(2_000)
    expect(it.said).toEqual(['coder0: it cannot be asked: broken'])
    it.answers(async () => ANSWER)
    await it.clock.elapse(2_000)
    expect(it.beat()).toMatchObject({ beat: { source: 'probe' } })
  })

  it('is never asked twice at a time, however long it takes', async () => {
    await using it = await world()
    const { promise, resolve } = Promise.withResolvers<RuntimeAnswer>()
    it.answers(() => promise)
    it.follow()
    await it.clock.elapse(120_000)
    expect(it.asked).toHaveLength(1)
    resolve(ANSWER)
    await it.clock.elapse(0)
    expect(it.beat()).toMatchObject({ beat: { tsMs: it.clock.wallMs() } })
    await it.clock.elapse(0)
    expect(it.asked).toHaveLength(2)
  })

  it('that has ended is not asked any more, and a late answer of it is not written', async () => {
    await using it = await world()
    const { promise, resolve } = Promise.withResolvers<RuntimeAnswer>()
    it.answers(() => promise)
    it.follow()
    it.prober.stop('coder0')
    resolve(ANSWER)
    await it.clock.elapse(60_000)
    expect(it.beat()).toBeUndefined()
    expect(it.asked).toHaveLength(1)
    expect(it.clock.pending).toBe(0)
  })

  it('that was launched anew is asked in the place of the one before', async () => {
    await using it = await world()
    it.follow()
    it.follow()
    await it.clock.elapse(15_000)
    expect(it.asked).toHaveLength(3)
  })

  it('is written no heartbeat through a link', async () => {
    await using it = await world()
    const target = `${it.file}.target`
    writeFileSync(target, 'mine')
    symlinkSync(target, `${it.file}.tmp`)
    it.follow()
    await it.clock.elapse(0)
    expect(readFileSync(target, 'utf8')).toBe('mine')
    expect(it.beat()).toBeUndefined()
    rmSync(`${it.file}.tmp`)
  })
})

it('a runtime that writes its own heartbeat is not asked', async () => {
  await using it = await world()
  it.follow({ heartbeat: 'itself' })
  await it.clock.elapse(60_000)
  expect([it.asked, it.beat(), it.clock.pending]).toEqual([[], undefined, 0])
})

it('of a runtime that cannot be asked only its process is told, while it lives', async () => {
  await using it = await world()
  it.follow({ heartbeat: 'process' })
  await it.clock.elapse(0)
  expect(it.asked).toEqual([])
  expect(it.beat()).toMatchObject({ beat: { source: 'sidecar', status: 'ok', pid: process.pid } })
  rmSync(it.file)
  // Above every pid there can be.
  it.follow({ heartbeat: 'process', pid: 2 ** 22 + 1 })
  await it.clock.elapse(0)
  expect(it.beat()).toBeUndefined()
})
