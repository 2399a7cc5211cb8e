import { until } from '@mosaic/testkit/until'
import { expect, test } from 'vitest'
import { Guard } from './guard.ts'

function world(firstPauseMs = 50) {
  const said: string[] = []
  let looks = 0
  let fails = false
  const guard = new Guard({
    log: (text) => said.push(text),
    lookAgain: async () => {
      looks += 1
      if (fails) throw new Error('full')
    },
    firstPauseMs,
  })
  return { guard, said, looks: () => looks, failing: (does: boolean) => (fails = does), [Symbol.dispose]: () => guard[Symbol.dispose]() }
}
const fail = () => {
  throw new Error('full')
}

test('runs what it is given at once, and says how it ended', async () => {
  using at = world()
  const done: string[] = []
  const running = at.guard.run(() => done.push('done'))
  expect(done).toEqual(['done'])
  expect(await running).toBe(true)
  expect(at.said).toEqual([])
})

test('what throws, now or later, is told, and everything is looked at again', async () => {
  using at = world()
  expect(await at.guard.run(fail)).toBe(false)
  expect(at.said).toEqual([expect.stringContaining('full')])
  await until(() => at.looks() === 1)
  expect(await at.guard.run(() => Promise.reject(new Error('other')))).toBe(false)
  expect(at.said).toEqual([expect.stringContaining('full'), expect.stringContaining('other')])
  await until(() => at.looks() === 2)
})

test('a look that fails is followed by another', async () => {
  using at = world()
  at.failing(true)
  await at.guard.run(fail)
  await until(() => at.looks() === 2)
  at.failing(false)
  await until(() => at.looks() === 3)
  expect(new Set(at.said).size).toBe(1)
})

test('the same is told only once as long as it goes on', async () => {
  using at = world(60_000)
  for (let times = 0; times < 5; times += 1) await at.guard.run(fail)
  expect(at.said.length).toBe(1)
})

test('what fails again and again does not keep it from looking', async () => {
  using at = world()
  await until(async () => {
    await at.guard.run(fail)
    return at.looks() > 1
  })
})

test('nothing is told after its end, and a log that cannot be written does no harm', async () => {
  const at = world()
  at.guard[Symbol.dispose]()
  expect(await at.guard.run(fail)).toBe(false)
  expect(at.said).toEqual([])
  using guard = new Guard({ log: fail, lookAgain: () => {} })
  expect(await guard.run(fail)).toBe(false)
})
