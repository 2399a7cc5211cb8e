import { execFileSync } from 'node:child_process'
import { mkdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { formatHeartbeat, type Heartbeat } from '@mosaic/domain/heartbeat'
import { FakeClock } from '@mosaic/testkit/fake-clock'
import { nodeProgram } from '@mosaic/testkit/node-program'
import { tempHome } from '@mosaic/testkit/temp-home'
import { until } from '@mosaic/testkit/until'
import { describe, expect, it } from 'vitest'
import { resolvePaths } from '../paths.ts'
import { HeartbeatObserver, readHeartbeat } from './observer.ts'

async function world() {
  const home = await tempHome()
  const paths = resolvePaths({ env: home.env })
  mkdirSync(paths.run, { recursive: true })
  const clock = new FakeClock()
  const observer = new HeartbeatObserver(paths, clock)
  const text = (beat: Partial<Heartbeat> = {}) =>
    formatHeartbeat({ tsMs: clock.wallMs(), pid: 7, status: 'ok', source: 'runtime', ...beat })
  /** Replaces the file as writers do. */
  const put = (name: string, content: string) => {
    writeFileSync(join(paths.run, `.${name}.new`), content)
    renameSync(join(paths.run, `.${name}.new`), join(paths.run, `${name}.hb`))
  }
  return {
    home,
    paths,
    clock,
    observer,
    text,
    put,
    beat: (name: string, beat: Partial<Heartbeat> = {}) => put(name, text(beat)),
    seen: (name: string, pid: number) => until(() => observer.observation(name).beat?.pid === pid, { what: `the answer of ${pid}` }),
    problem: (name: string, words: string) =>
      until(() => observer.observation(name).problem?.includes(words), { what: `"${words}" of ${name}` }),
    async [Symbol.asyncDispose]() {
      observer[Symbol.dispose]()
      await home[Symbol.asyncDispose]()
    },
  }
}

describe('the heartbeat observer', () => {
  it('sees an answer as it is written, and lets it grow old by its own clock', async () => {
    await using it = await world()
    it.observer.track('coder0', { fresh: true })
    expect(it.observer.observation('coder0')).toEqual({ beat: undefined, problem: undefined, ageMs: undefined, leadMs: 0 })
    it.beat('coder0')
    await it.seen('coder0', 7)
    it.clock.advance(4_000)
    expect(it.observer.observation('coder0')).toMatchObject({ ageMs: 4_000, leadMs: 0, problem: undefined })
  })

  it('does not take the same stamp, written again, for a new answer', async () => {
    await using it = await world()
    it.observer.track('coder0', { fresh: true })
    const frozen = it.text()
    it.put('coder0', frozen)
    await it.seen('coder0', 7)
    it.clock.advance(10_000)
    it.put('coder0', frozen)
    // Another agent's answer, written later, has been seen: so has the rewritten one.
    it.observer.track('marker', { fresh: true })
    it.beat('marker', { pid: 8 })
    await it.seen('marker', 8)
    expect(it.observer.observation('coder0').ageMs).toBe(10_000)
  })

  it('tells how far a stamp is ahead, as of when it was seen', async () => {
    await using it = await world()
    it.observer.track('coder0', { fresh: true })
    it.beat('coder0', { tsMs: it.clock.wallMs() + 3_600_000 })
    await it.seen('coder0', 7)
    expect(it.observer.observation('coder0').leadMs).toBe(3_600_000)
    it.clock.advance(3_600_000)
    expect(it.observer.observation('coder0').leadMs).toBe(3_600_000)
  })

  it('counts an old answer that it finds as old, and a later one from when it is seen', async () => {
    await using it = await world()
    it.beat('coder0', { tsMs: it.clock.wallMs() - 90_000 })
    it.observer.track('coder0', { fresh: false })
    expect(it.observer.observation('coder0').ageMs).toBe(90_000)
    it.beat('coder0', { tsMs: it.clock.wallMs() - 80_000, pid: 9 })
    await it.seen('coder0', 9)
    expect(it.observer.observation('coder0').ageMs).toBe(0)
  })

  it('forgets an earlier incarnation when told so, and keeps the answer when it adopts', async () => {
    await using it = await world()
    it.beat('coder0')
    it.observer.track('coder0', { fresh: false })
    it.observer.track('coder0', { fresh: false })
    expect(it.observer.observation('coder0').beat?.pid).toBe(7)
    rmSync(it.paths.heartbeatOf('coder0'))
    it.observer.track('coder0', { fresh: true })
    expect(it.observer.observation('coder0').beat).toBeUndefined()
  })

  it('sees the first answer of a runtime that was quicker than the one who tracks it', async () => {
    await using it = await world()
    it.observer.track('marker', { fresh: true })
    it.beat('coder0')
    it.beat('marker', { pid: 8 })
    // What the kernel told of the first file has been passed over by now.
    await it.seen('marker', 8)
    it.observer.track('coder0', { fresh: true })
    expect(it.observer.observation('coder0').beat?.pid).toBe(7)
  })

  it('leaves its own stalls out of every age', async () => {
    await using it = await world()
    it.observer.track('coder0', { fresh: true })
    it.beat('coder0')
    await it.seen('coder0', 7)
    it.clock.stall(120_000)
    expect(it.observer.observation('coder0').ageMs).toBeLessThanOrEqual(500)
    expect(it.observer.note()).toContain('stopped for 120')
  })

  it.each([
    ['a huge file', 'x'.repeat(10_000_000), 'larger than 4 KiB'],
    ['garbage', '\0\xff\x1b[2J=\n=\n', 'no ISO 8601 time'],
    ['an empty file', '', 'no ISO 8601 time'],
    ['another source', 'ts=2026-01-01T00:00:00Z\npid=1\nstatus=ok\nsource=rumour\n', 'source='],
    ['a year that is none', 'ts=9999-99-99T99:99:99Z\npid=1\nstatus=ok\nsource=runtime\n', 'no ISO 8601 time'],
  ])('tells of %s, keeps the last answer, and recovers with the next good one', async (_, content, words) => {
    await using it = await world()
    it.observer.track('coder0', { fresh: true })
    it.beat('coder0')
    await it.seen('coder0', 7)
    it.put('coder0', content)
    await it.problem('coder0', words)
    expect(it.observer.observation('coder0').beat?.pid).toBe(7)
    it.clock.advance(1)
    it.beat('coder0', { pid: 8 })
    await it.seen('coder0', 8)
    expect(it.observer.observation('coder0').problem).toBeUndefined()
  })

  it('follows no link and waits at no FIFO', async () => {
    await using it = await world()
    const good = join(it.paths.home, 'good')
    writeFileSync(good, it.text())
    for (const [name, plant] of [
      ['link', (path: string) => symlinkSync(good, path)],
      ['fifo', (path: string) => execFileSync('mkfifo', [path])],
      ['directory', (path: string) => mkdirSync(path)],
    ] as const) {
      it.observer.track(name, { fresh: true })
      plant(it.paths.heartbeatOf(name))
      await it.problem(name, 'not a regular file')
      expect(it.observer.observation(name).beat).toBeUndefined()
    }
  })

  it('keeps the last answer of a file that was removed', async () => {
    await using it = await world()
    it.observer.track('coder0', { fresh: true })
    it.beat('coder0')
    await it.seen('coder0', 7)
    rmSync(it.paths.heartbeatOf('coder0'))
    it.observer.track('marker', { fresh: true })
    it.beat('marker', { pid: 8 })
    await it.seen('marker', 8)
    it.clock.advance(1_000)
    expect(it.observer.observation('coder0')).toMatchObject({ ageMs: 1_000, problem: undefined })
  })

  it('is not disturbed by names that nobody tracks, or that no agent can have', async () => {
    await using it = await world()
    it.observer.track('coder0', { fresh: true })
    for (const name of ['stranger', '.', 'a.b', '-x', 'a b', 'ä', '__proto__', 'x'.repeat(200), 'a\nb']) it.put(name, it.text({ pid: 1 }))
    writeFileSync(join(it.paths.run, '.hb'), it.text())
    writeFileSync(join(it.paths.run, 'coder0.hb.tmp'), it.text())
    it.beat('coder0')
    await it.seen('coder0', 7)
    expect(it.observer.observation('stranger').beat).toBeUndefined()
  })

  it('survives the end of its directory; what it knew grows old', async () => {
    await using it = await world()
    it.observer.track('coder0', { fresh: true })
    it.beat('coder0')
    await it.seen('coder0', 7)
    rmSync(it.paths.run, { recursive: true })
    it.clock.advance(60_000)
    expect(it.observer.observation('coder0')).toMatchObject({ ageMs: 60_000, problem: undefined })
  })

  it('goes on when its directory is made anew', async () => {
    await using it = await world()
    it.observer.track('coder0', { fresh: true })
    rmSync(it.paths.run, { recursive: true })
    mkdirSync(it.paths.run)
    await until(
      () => {
        it.clock.advance(1_000)
        it.beat('coder0')
        return it.observer.observation('coder0').beat !== undefined
      },
      { what: 'an answer in the new directory' },
    )
  })

  it('misses no last state among many quick writes of many agents', async () => {
    await using it = await world()
    const names = Array.from({ length: 20 }, (_, index) => `coder${index}`)
    for (const name of names) it.observer.track(name, { fresh: true })
    await using writer = nodeProgram(
      `import { HeartbeatWriter } from ${JSON.stringify(import.meta.resolve('./writer.ts'))}
       const names = process.argv.slice(2)
       const writers = names.map((name) => new HeartbeatWriter({
         file: process.argv[1] + '/' + name + '.hb', intervalMs: 3_600_000, read: () => ({ status: 'ok', turn: turn }) }))
       var turn
       for (turn = 1; turn <= 60; turn += 1) for (const one of writers) one.beat()
       console.log('done')`,
      { args: [it.paths.run, ...names] },
    )
    await writer.said('done')
    await until(() => names.every((name) => it.observer.observation(name).beat?.turn === 60), { what: 'the last answer of all' })
  })
})

describe('reading one heartbeat file', () => {
  it('gives the answer, the problem, or nothing', async () => {
    await using it = await world()
    const path = it.paths.heartbeatOf('coder0')
    expect(readHeartbeat(path)).toBeUndefined()
    it.beat('coder0', { model: 'm', turn: 3 })
    expect(readHeartbeat(path)).toMatchObject({ beat: { pid: 7, model: 'm', turn: 3 } })
    it.put('coder0', 'nonsense')
    expect(readHeartbeat(path)).toMatchObject({ problem: expect.any(String) })
  })
})
