import { expect, it } from 'vitest'
import { Reconnect } from './reconnect.ts'

function world() {
  const at = { nowMs: 0, stream: false, idle: true, takes: true, typed: 0 }
  const reconnect = new Reconnect({
    hasStream: () => at.stream,
    isIdle: () => at.idle,
    type: async () => {
      if (at.takes) at.typed += 1
      return at.takes
    },
    nowMs: () => at.nowMs,
  })
  const look = async (nowMs: number) => {
    at.nowMs = nowMs
    await reconnect.look()
    return at.typed
  }
  return { at, look }
}

it('types nothing as long as it tries by itself', async () => {
  const { look } = world()
  expect(await look(0)).toBe(0)
  expect(await look(29_000)).toBe(0)
  expect(await look(30_000)).toBe(1)
})

it('types again only when that brought nothing for long', async () => {
  const { look } = world()
  await look(0)
  await look(30_000)
  expect(await look(89_000)).toBe(1)
  expect(await look(90_000)).toBe(2)
})

it('begins anew with each stream that ends', async () => {
  const { at, look } = world()
  await look(0)
  at.stream = true
  await look(20_000)
  at.stream = false
  await look(21_000)
  expect(await look(50_000)).toBe(0)
  expect(await look(51_000)).toBe(1)
})

it('waits for the end of what it does, and for a person', async () => {
  const { at, look } = world()
  await look(0)
  at.idle = false
  expect(await look(40_000)).toBe(0)
  at.idle = true
  at.takes = false
  expect(await look(41_000)).toBe(0)
  at.takes = true
  expect(await look(42_000)).toBe(1)
})
