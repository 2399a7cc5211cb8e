import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync, realpathSync, renameSync, symlinkSync, unlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { until } from '@mosaic/testkit/until'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type SmallCheckout, smallCheckout } from './small-checkout.ts'

const MODULES = join(import.meta.dirname, '..', 'node_modules')

/**
 * Stands in for the registry: `npx` that installs by linking, as long as the gate is open, and writes down when it
 * starts and ends.
 */
const NPX = `case "$*" in *--version*) exit 0 ;; esac
echo start >>"$HOME/installs"
while [ ! -e "$HOME/open" ]; do sleep 0.02; done
mkdir -p node_modules
for each in '${MODULES}'/*; do ln -sfn "$each" node_modules/; done
echo end >>"$HOME/installs"`

let checkout: SmallCheckout
let children: ChildProcess[]

const env = () => ({ PATH: checkout.bin, HOME: checkout.bin })
const installs = () =>
  existsSync(join(checkout.bin, 'installs')) ? readFileSync(join(checkout.bin, 'installs'), 'utf8').trim().split('\n') : []
const openGate = () => writeFileSync(join(checkout.bin, 'open'), '')
const closeGate = () => unlinkSync(join(checkout.bin, 'open'))
const mosaic = (...args: string[]) => spawnSync(join(checkout.root, 'mosaic'), args, { env: env(), encoding: 'utf8' })

/** Starts ./mosaic as the leader of a process group of its own. */
function start(...args: string[]): { child: ChildProcess; out: () => string; err: () => string } {
  const child = spawn(join(checkout.root, 'mosaic'), args, { env: env(), detached: true, stdio: ['ignore', 'pipe', 'pipe'] })
  children.push(child)
  let out = ''
  let err = ''
  child.stdout?.on('data', (chunk) => {
    out += chunk
  })
  child.stderr?.on('data', (chunk) => {
    err += chunk
  })
  return { child, out: () => out, err: () => err }
}

const ended = (child: ChildProcess) => until(() => child.exitCode !== null || child.signalCode !== null, { what: 'the end of ./mosaic' })

beforeEach(() => {
  checkout = smallCheckout()
  children = []
  checkout.program('npx', NPX)
  checkout.program('tmux', '')
  openGate()
})

afterEach(async () => {
  for (const { pid } of children) {
    try {
      if (pid !== undefined) process.kill(-pid, 'SIGKILL')
    } catch {
      // It has ended by itself.
    }
  }
  checkout[Symbol.dispose]()
})

describe('./mosaic', () => {
  it('prepares an untouched checkout, answers on stdout alone and passes arguments and directory on', () => {
    const first = mosaic('a', 'b  c', "d'e", '', '*')
    expect(JSON.parse(first.stdout)).toEqual({ args: ['a', 'b  c', "d'e", '', '*'], cwd: process.cwd() })
    expect(first.stderr).toBe('mosaic: installing dependencies, half a minute the first time ...\nmosaic: building ...\n')
  })

  it('installs and builds nothing and says nothing when all is there', () => {
    mosaic()
    checkout.program('npx', 'exit 1')
    checkout.program('flock', 'exit 1')
    const second = mosaic('x')
    expect(second.stderr).toBe('')
    expect(second.status).toBe(0)
    expect(installs()).toEqual(['start', 'end'])
  })

  it('works through links, relative or absolute, and from anywhere', () => {
    mosaic()
    symlinkSync('a checkout/mosaic', join(checkout.root, '..', 'relative'))
    symlinkSync(join(checkout.root, '..', 'relative'), join(checkout.bin, 'mosaic'))
    const byName = spawnSync('mosaic', ['a'], { env: env(), encoding: 'utf8', cwd: checkout.bin })
    expect(JSON.parse(byName.stdout)).toEqual({ args: ['a'], cwd: realpathSync(checkout.bin) })
    const above = spawnSync('../mosaic', ['b'], { env: env(), encoding: 'utf8', cwd: join(checkout.root, 'apps') })
    expect(JSON.parse(above.stdout).args).toEqual(['b'])
    const plain = spawnSync('sh', ['mosaic', 'c'], { env: env(), encoding: 'utf8', cwd: checkout.root })
    expect(JSON.parse(plain.stdout).args).toEqual(['c'])
  })

  it('keeps standard input for the command, also while it prepares', () => {
    checkout.program('npx', `cat\n${NPX}`)
    const { stdout } = spawnSync(join(checkout.root, 'mosaic'), ['cat'], { env: env(), encoding: 'utf8', input: 'for the command\n' })
    expect(stdout).toBe('for the command\n')
  })

  it('builds again after a source has changed or gone, and not after a test has', () => {
    checkout.write('apps/cli/src/unused.ts', '')
    mosaic()
    checkout.write('apps/cli/src/late.ts', `export const late = (): string => 'changed'\n`)
    expect(mosaic().stdout).toBe('changed\n')
    unlinkSync(join(checkout.root, 'apps/cli/src/unused.ts'))
    expect(mosaic().stderr).toBe('mosaic: building ...\n')
    checkout.write('apps/cli/src/late.test.ts', '')
    expect(mosaic().stderr).toBe('mosaic: building ...\n')
    checkout.write('apps/cli/src/late.test.ts', 'changed')
    expect(mosaic().stderr).toBe('')
  })

  it('installs again after the lockfile has changed', () => {
    mosaic()
    checkout.write('pnpm-lock.yaml', 'changed\n')
    expect(mosaic().status).toBe(0)
    expect(installs()).toEqual(['start', 'end', 'start', 'end'])
  })

  it('takes the pinned Node when the one on PATH is too old, and still does after its directory has moved', () => {
    // Runs anything, but will not say that it is new enough.
    checkout.program('node', `case "$2" in *engines*) exit 0 ;; esac\nexec '${process.execPath}' "$@"`)
    mosaic()
    expect(readFileSync(join(checkout.root, 'node_modules/.mosaic-prepared'), 'utf8')).toMatch(/^node_modules\/node-.*\/bin\/node\n/)
    const moved = join(checkout.root, '..', 'moved')
    renameSync(checkout.root, moved)
    const { stdout, stderr } = spawnSync(join(moved, 'mosaic'), ['x'], { env: env(), encoding: 'utf8' })
    expect(JSON.parse(stdout).args).toEqual(['x'])
    expect(stderr).toBe('')
  })

  it('prepares once when two start together, and both answer', async () => {
    closeGate()
    const first = start('first')
    await until(() => installs().length === 1, { what: 'the first install' })
    const second = start('second')
    await until(() => second.err().includes('another run is preparing this checkout'), { what: 'the second run to wait' })
    openGate()
    await Promise.all([ended(first.child), ended(second.child)])
    await until(() => first.out().includes('first') && second.out().includes('second'), { what: 'both answers' })
    expect(installs()).toEqual(['start', 'end'])
  })

  it('finishes what a killed run has left', async () => {
    closeGate()
    const killed = start('killed')
    await until(() => installs().length === 1, { what: 'the install' })
    process.kill(-(killed.child.pid ?? 0), 'SIGKILL')
    await ended(killed.child)
    openGate()
    expect(JSON.parse(mosaic('next').stdout).args).toEqual(['next'])
  })

  it('waits for the install of a run that was killed alone, so that two never overlap', async () => {
    closeGate()
    const killed = start('killed')
    await until(() => installs().length === 1, { what: 'the install' })
    process.kill(killed.child.pid ?? 0, 'SIGKILL')
    await ended(killed.child)
    const next = start('next')
    await until(() => next.err().includes('another run is preparing this checkout'), { what: 'the next run to wait' })
    openGate()
    await ended(next.child)
    await until(() => next.out().includes('next'), { what: 'the answer' })
    expect(installs()).toEqual(['start', 'end', 'start', 'end'])
  })

  it('says what is missing, and with which command it comes, when there is no Node to install with', () => {
    unlinkSync(join(checkout.bin, 'node'))
    const result = mosaic('x')
    expect(result.status).toBe(5)
    expect(result.stdout).toBe('')
    expect(result.stderr).toBe('mosaic: Node.js 18 or newer with npm is missing: install nodejs npm with your package manager\n')
  })

  it('shows why an install failed, and tries again the next time', () => {
    checkout.program('npx', 'case "$*" in *--version*) exit 0 ;; esac\necho no such registry; exit 1')
    const failed = mosaic()
    expect(failed.status).toBe(5)
    expect(failed.stderr).toContain('no such registry\nmosaic: the dependencies could not be installed\n')
    checkout.program('npx', NPX)
    expect(mosaic().status).toBe(0)
  })

  it('fails when the build does, and does not run what was built before', () => {
    mosaic()
    checkout.write('apps/cli/src/late.ts', 'const = 1')
    const failed = mosaic()
    expect(failed.status).toBe(5)
    expect(failed.stdout).toBe('')
    expect(failed.stderr).toContain('mosaic: the build failed\n')
  })

  it('says once that tmux is missing, goes on, and takes it when it comes', () => {
    unlinkSync(join(checkout.bin, 'tmux'))
    expect(mosaic().stderr).toMatch(/^mosaic: tmux is missing, and agents live in it: install tmux with your package manager\n/)
    const again = mosaic()
    expect(again.stderr).toBe('')
    expect(again.status).toBe(0)
    checkout.program('tmux', '')
    expect(mosaic().status).toBe(0)
  })

  it('leaves nothing outside of its ignored directories', () => {
    const before = readdirSync(checkout.root)
    mosaic()
    expect(readdirSync(checkout.root).filter((name) => !before.includes(name))).toEqual(['.cache', 'dist', 'node_modules'])
  })
})

describe('./test', () => {
  it('ends with a failed total when it cannot prepare', () => {
    unlinkSync(join(checkout.bin, 'node'))
    const { stdout, status } = spawnSync(join(checkout.root, 'test'), [], { env: env(), encoding: 'utf8' })
    expect(status).toBe(5)
    expect(stdout).toBe('0 passed, 1 failed\n')
  })
})
