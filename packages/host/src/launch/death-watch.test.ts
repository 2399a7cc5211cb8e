import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { lstatSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { turn } from '@mosaic/testkit/fake-clock'
import { killNine } from '@mosaic/testkit/faults'
import { tempHome } from '@mosaic/testkit/temp-home'
import { until } from '@mosaic/testkit/until'
import { afterEach, describe, expect, it } from 'vitest'
import { makeFifo, watchEnd } from './death-watch.ts'

const started: ChildProcess[] = []
const watches: Disposable[] = []

afterEach(() => {
  for (const watch of watches.splice(0)) watch[Symbol.dispose]()
  for (const child of started.splice(0)) child.kill('SIGKILL')
})

/** A process that holds the FIFO as the launcher's runtime does, and runs `then` before it sleeps. */
async function holder(path: string, then = ''): Promise<number> {
  const child = spawn('sh', ['-c', `exec 9<>"$1"; ${then} echo ready; exec sleep 300`, 'sh', path], { stdio: ['ignore', 'pipe', 'ignore'] })
  started.push(child)
  await once(child.stdout as NonNullable<ChildProcess['stdout']>, 'data')
  return child.pid as number
}

function watched(path: string) {
  const told = { times: 0 }
  const watch = watchEnd(path, () => {
    told.times += 1
  })
  watches.push(watch)
  return { told, watch }
}

async function fifo() {
  const home = await tempHome()
  const path = join(home.root, 'alive')
  makeFifo(path)
  return { home, path, [Symbol.asyncDispose]: () => home[Symbol.asyncDispose]() }
}

/** Long enough for the event loop to have told what the kernel knew. */
async function turns(): Promise<void> {
  for (let round = 0; round < 20; round += 1) await turn()
}

describe('the FIFO of a life', () => {
  it('takes the place of whatever was there, and is private', async () => {
    await using home = await tempHome()
    const [path, target] = [join(home.root, 'alive'), join(home.root, 'target')]
    writeFileSync(target, 'kept')
    symlinkSync(target, path)
    makeFifo(path)
    makeFifo(path)
    expect(lstatSync(path).isFIFO()).toBe(true)
    expect(lstatSync(path).mode & 0o777).toBe(0o600)
    expect(readFileSync(target, 'utf8')).toBe('kept')
    expect(() => makeFifo(join(home.root, 'absent', 'alive'))).toThrow(/mkfifo/)
  })

  it('is watched only when it is one', async () => {
    await using home = await tempHome()
    const path = join(home.root, 'file')
    writeFileSync(path, '')
    expect(() => watchEnd(path, () => {})).toThrow(/not a FIFO/)
    expect(() => watchEnd(join(home.root, 'absent'), () => {})).toThrow()
  })

  it('tells of kill -9, once, and of nothing before', async () => {
    await using it = await fifo()
    const { told } = watched(it.path)
    await turns()
    expect(told.times).toBe(0)
    const pid = await holder(it.path)
    await turns()
    expect(told.times).toBe(0)
    killNine(pid)
    await until(() => told.times > 0, { what: 'the end' })
    await turns()
    expect(told.times).toBe(1)
  })

  it('tells every watcher', async () => {
    await using it = await fifo()
    const [a, b] = [watched(it.path), watched(it.path)]
    const pid = await holder(it.path)
    const late = watched(it.path)
    killNine(pid)
    await until(() => a.told.times + b.told.times + late.told.times === 3, { what: 'the end, three times' })
  })

  it('tells a watcher that takes over from one that was killed or let go', async () => {
    await using it = await fifo()
    const first = watched(it.path)
    const pid = await holder(it.path)
    first.watch[Symbol.dispose]()
    await turns()
    const second = watched(it.path)
    await turns()
    expect(second.told.times).toBe(0)
    killNine(pid)
    await until(() => second.told.times === 1, { what: 'the end' })
    expect(first.told.times).toBe(0)
  })

  it('waits for the last of those that inherited it', async () => {
    await using it = await fifo()
    const { told } = watched(it.path)
    const pid = await holder(it.path, 'sh -c "echo \\$\\$ > $1.child; exec sleep 300" & while [ ! -s "$1.child" ]; do sleep 0.01; done;')
    const child = Number(readFileSync(`${it.path}.child`, 'utf8'))
    killNine(pid)
    await turns()
    expect(told.times).toBe(0)
    killNine(child)
    await until(() => told.times === 1, { what: 'the end of the child' })
  })

  it('is drained, so that a runtime which writes into it neither stops nor seems to end', async () => {
    await using it = await fifo()
    const { told } = watched(it.path)
    // More than a pipe holds.
    const pid = await holder(it.path, 'head -c 1000000 /dev/zero >&9;')
    expect(told.times).toBe(0)
    killNine(pid)
    await until(() => told.times === 1, { what: 'the end' })
  })

  it('of an earlier life does not speak for the next one', async () => {
    await using it = await fifo()
    const first = watched(it.path)
    const pid = await holder(it.path)
    makeFifo(it.path)
    const second = watched(it.path)
    const next = await holder(it.path)
    killNine(pid)
    await until(() => first.told.times === 1, { what: 'the end of the first' })
    await turns()
    expect(second.told.times).toBe(0)
    killNine(next)
    await until(() => second.told.times === 1, { what: 'the end of the second' })
  })
})
