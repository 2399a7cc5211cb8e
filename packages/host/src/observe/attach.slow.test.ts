import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { until } from '@mosaic/testkit/until'
import { describe, expect, test } from 'vitest'
import { rawReader } from '../tmux/fixtures/own-server.ts'
import { type Terminals, terminals } from './fixtures/terminals.ts'

const AGENT = { width: 200, height: 50 }

/** A line stands in it whole. */
const written = (file: string): boolean => existsSync(file) && readFileSync(file, 'utf8').endsWith('\n')

const agentSize = ({ agents }: Terminals) => agents.ask('display-message', '-p', '-t', '=coder0:0.0', '#{pane_width}x#{pane_height}')

async function attached(size: { width: number; height: number }) {
  const world = terminals()
  const file = join(world.agents.directory, 'typed')
  await world.agents.start('coder0', rawReader(file), AGENT)
  await until(async () => (await world.agents.host.capture('coder0')).includes('reader ready'))
  const terminal = await world.open('attach', 'coder0', size)
  await until(async () => (await world.clients()).length === 1)
  return { world, terminal, file }
}

describe('an operator who attaches', () => {
  test.each([
    { width: 90, height: 30 },
    { width: 230, height: 60 },
  ])('has the agent at the size $width x $height, types to it, and leaves it at its own', async (size) => {
    const { world, terminal, file } = await attached(size)
    await using _world = world
    await until(async () => (await agentSize(world)) === `${size.width}x${size.height}`)
    await until(async () => (await terminal.see()).some((line) => line.includes('reader ready')))
    await terminal.press('h', 'i', 'Enter')
    await until(() => written(file))
    expect(JSON.parse(readFileSync(file, 'utf8'))).toBe('hi')
    await terminal.press('C-b', 'd')
    await until(() => terminal.result())
    expect(terminal.result()).toEqual({ status: 0 })
    await until(async () => (await agentSize(world)) === '200x50')
    expect(await world.agents.ask('show-options', '-wv', '-t', '=coder0:0', 'window-size')).toBe('manual')
  })

  test('is told how to leave', async () => {
    const { world, terminal } = await attached({ width: 90, height: 30 })
    await using _world = world
    await until(async () => (await terminal.see()).some((line) => /what you type reaches coder0 · Ctrl-b d leaves/.test(line)))
  })

  test('may resize the terminal', async () => {
    const { world, terminal } = await attached({ width: 90, height: 30 })
    await using _world = world
    await until(async () => (await agentSize(world)) === '90x30')
    await terminal.resize(120, 40)
    await until(async () => (await agentSize(world)) === '120x40')
  })

  test('and whose terminal is closed leaves the agent alive at its own size', async () => {
    const { world } = await attached({ width: 90, height: 30 })
    await using _world = world
    await until(async () => (await agentSize(world)) === '90x30')
    await world.screens.host.kill('terminal-1')
    await until(async () => (await world.clients()).length === 0)
    await until(async () => (await agentSize(world)) === '200x50')
    expect((await world.agents.host.list())[0]?.alive).toBe(true)
  })

  test('and whose command is killed has the terminal back, and the agent its size', async () => {
    const { world, terminal } = await attached({ width: 90, height: 30 })
    await using _world = world
    await until(async () => (await agentSize(world)) === '90x30')
    process.kill(terminal.pid, 'SIGKILL')
    await until(async () => (await world.clients()).length === 0)
    await until(async () => (await agentSize(world)) === '200x50')
    await until(async () => (await world.screens.ask('display-message', '-p', '-t', '=terminal-1:0.0', '#{alternate_on}')) === '0')
  })

  test('keeps that size while watchers come and go', async () => {
    const { world } = await attached({ width: 90, height: 30 })
    await using _world = world
    await until(async () => (await agentSize(world)) === '90x30')
    const watcher = await world.open('watch', 'coder0', { width: 60, height: 20 })
    await until(async () => (await world.clients()).length === 2)
    await watcher.press('q')
    await until(() => watcher.result() === 'quit')
    expect(await agentSize(world)).toBe('90x30')
  })

  test('comes back when the agent’s session ends', async () => {
    const { world, terminal } = await attached({ width: 90, height: 30 })
    await using _world = world
    await world.agents.host.kill('coder0')
    await until(() => terminal.result())
    expect(terminal.result()).toEqual({ status: 0 })
  })
})

test('an agent without a session cannot be attached to', async () => {
  await using world = terminals()
  await world.agents.host.open()
  const terminal = await world.open('attach', 'coder0', { width: 90, height: 30 })
  await until(() => terminal.result())
  expect(terminal.result()).toMatchObject({ code: 'not_done', mend: 'mosaic fleet start coder0' })
})

test('without a terminal nothing is attached', async () => {
  await using world = terminals()
  await world.agents.start('coder0', ['cat'], AGENT)
  const file = join(world.agents.directory, 'result')
  const observer = join(import.meta.dirname, 'fixtures', 'observer.ts')
  const command = `"${process.execPath}" "${observer}" attach ${world.agents.tmux.socketName} coder0 "${file}" | cat`
  await world.screens.start('piped', ['sh', '-c', command])
  await until(() => written(file))
  expect(JSON.parse(readFileSync(file, 'utf8'))).toMatchObject({ code: 'invalid', reason: 'no-terminal' })
  expect(await world.clients()).toEqual([])
})
