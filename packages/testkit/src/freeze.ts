/**
 * Freezing a process for real. SIGSTOP is no pause for a pane's process: tmux continues it at once. A frozen cgroup
 * holds against it.
 */

import { randomBytes } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, readFileSync, readlinkSync, rmdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { FleetError } from '@mosaic/domain/error'
import { isAlive } from './processes.ts'
import { until } from './until.ts'

/**
 * `v1`: nothing reaches the process, SIGKILL waits for the thaw.
 * `v2`: SIGKILL ends it, as it would end a process that hangs.
 */
export type Freezer = 'v1' | 'v2'

export interface FreezeOptions {
  /** Absent: v1 where it is there, else v2. */
  by?: Freezer
}

export interface Frozen extends AsyncDisposable {
  by: Freezer
  /** Lets it go on. It can be called twice. */
  thaw(): Promise<void>
}

interface Hierarchy {
  /** Where this kind of cgroup is mounted, if it is. */
  root: string | undefined
  /** The line of `/proc/<pid>/cgroup` that tells the place of a process in it. */
  line: RegExp
  switch: string
  on: string
  off: string
  isFrozen(group: string): boolean
}

const V1: Hierarchy = {
  root: ['/sys/fs/cgroup/freezer'].find((root) => existsSync(join(root, 'cgroup.procs'))),
  line: /^\d+:(?:[^:]*,)?freezer(?:,[^:]*)?:(.*)$/m,
  switch: 'freezer.state',
  on: 'FROZEN',
  off: 'THAWED',
  isFrozen: (group) => readFileSync(join(group, 'freezer.state'), 'utf8').trim() === 'FROZEN',
}

const V2: Hierarchy = {
  root: ['/sys/fs/cgroup', '/sys/fs/cgroup/unified'].find((root) => existsSync(join(root, 'cgroup.controllers'))),
  line: /^0::(.*)$/m,
  switch: 'cgroup.freeze',
  on: '1',
  off: '0',
  isFrozen: (group) => /^frozen 1$/m.test(readFileSync(join(group, 'cgroup.events'), 'utf8')),
}

const HIERARCHIES: Readonly<Record<Freezer, Hierarchy>> = { v1: V1, v2: V2 }

function placeOf(pid: number, hierarchy: Hierarchy, root: string): string {
  const path = hierarchy.line.exec(readFileSync(`/proc/${pid}/cgroup`, 'utf8'))?.[1] ?? '/'
  return join(root, path)
}

/** Of the processes that this one can see; a group of another namespace is somebody else's. */
const NAMESPACE = existsSync('/proc/self/ns/pid') ? readlinkSync('/proc/self/ns/pid').replace(/\D/g, '') : '0'
const GROUP = new RegExp(`^mosaictest-${NAMESPACE}-(\\d+)-`)
const groupName = (): string => `mosaictest-${NAMESPACE}-${process.pid}-${randomBytes(4).toString('hex')}`

interface Held {
  group: string
  hierarchy: Hierarchy
  /** Process ids and the cgroups they came from. */
  homes: ReadonlyMap<number, string>
}

const members = (group: string): number[] => readFileSync(join(group, 'cgroup.procs'), 'utf8').split('\n').filter(Boolean).map(Number)

function moveBack(pid: number, home: string): void {
  try {
    writeFileSync(join(home, 'cgroup.procs'), String(pid))
  } catch (error) {
    if (isAlive(pid)) throw error
  }
}

async function thaw({ group, hierarchy, homes }: Held): Promise<void> {
  if (!existsSync(group)) return
  writeFileSync(join(group, hierarchy.switch), hierarchy.off)
  // A process that is just dying leaves its cgroup a little later.
  await until(
    () => {
      if (!existsSync(group)) return true
      for (const pid of members(group)) moveBack(pid, homes.get(pid) ?? dirname(group))
      rmdirSync(group)
      return true
    },
    { what: `the removal of ${group}` },
  )
}

/** Groups of a test that was killed: what is in them would stay frozen for ever. */
async function sweep(hierarchy: Hierarchy, root: string): Promise<void> {
  for (const name of readdirSync(root)) {
    const owner = GROUP.exec(name)?.[1]
    if (owner !== undefined && !isAlive(Number(owner))) await thaw({ group: join(root, name), hierarchy, homes: new Map() })
  }
}

/** Does it for each; the first must live, and of the others nothing is left to do for one that has ended. */
function forEachLiving(pids: readonly number[], act: (pid: number) => void): void {
  for (const [index, pid] of pids.entries()) {
    try {
      act(pid)
    } catch (error) {
      if (index === 0 || isAlive(pid)) throw error
    }
  }
}

async function hold(pids: readonly number[], by: Freezer, root: string): Promise<Frozen> {
  const hierarchy = HIERARCHIES[by]
  const homes = new Map<number, string>()
  forEachLiving(pids, (pid) => homes.set(pid, placeOf(pid, hierarchy, root)))
  await sweep(hierarchy, root)
  const group = join(root, groupName())
  const held = { group, hierarchy, homes }
  mkdirSync(group)
  try {
    forEachLiving([...homes.keys()], (pid) => writeFileSync(join(group, 'cgroup.procs'), String(pid)))
    writeFileSync(join(group, hierarchy.switch), hierarchy.on)
    await until(() => hierarchy.isFrozen(group), { what: `the freezing of ${pids.join(', ')}`, everyMs: 2 })
  } catch (error) {
    await thaw(held)
    throw error
  }
  return { by, thaw: () => thaw(held), [Symbol.asyncDispose]: () => thaw(held) }
}

/**
 * Freezes all threads of the process, or processes: of a tree, its root first, what has ended meanwhile is left out. What
 * they start before that stays outside.
 * @throws FleetError `missing` where neither freezer can be used, `not_found` when the (first) process is not there
 */
export async function freeze(pid: number | readonly number[], options: FreezeOptions = {}): Promise<Frozen> {
  const pids = typeof pid === 'number' ? [pid] : pid
  const [first = 0] = pids
  if (!isAlive(first)) throw new FleetError('not_found', `no process ${first} to freeze`)
  const problems: string[] = []
  for (const by of options.by === undefined ? (['v1', 'v2'] as const) : [options.by]) {
    const { root } = HIERARCHIES[by]
    if (root === undefined) problems.push(`no cgroup ${by} freezer is mounted`)
    else {
      try {
        return await hold(pids, by, root)
      } catch (error) {
        problems.push(`cgroup ${by}: ${error instanceof Error ? error.message : error}`)
      }
    }
  }
  throw new FleetError('missing', `a process cannot be frozen here: ${problems.join('; ')}`, {
    mend: 'run this test as root with a writable cgroup freezer',
  })
}
