/** Counts the processes that are started: by the kernel's word, grandchildren included. */

import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { until } from '@mosaic/testkit/until'

const STRACE = 'strace'
const TRACE = ['-f', '-qq', '-e', 'signal=none', '-e', 'trace=fork,vfork,clone,clone3'] as const

/** How many processes were started in what strace wrote; threads are none. A call stands there once by its name, whole or begun. */
export const forksIn = (trace: string): number =>
  trace.split('\n').filter((line) => /^\d+\s+(fork|vfork|clone3?)\(/.test(line) && !line.includes('CLONE_THREAD')).length

/** Why it cannot be counted here, or `undefined`. */
export function whyNotCounted(servicePid: number): string | undefined {
  if (spawnSync(STRACE, ['-V']).error !== undefined) return 'strace is not installed: apt-get install strace'
  const scope = spawnSync('cat', ['/proc/sys/kernel/yama/ptrace_scope'], { encoding: 'utf8' }).stdout.trim()
  const mayAttach = process.getuid?.() === 0 || scope === '' || scope === '0'
  return mayAttach ? undefined : `strace may not attach to process ${servicePid}: run as root, or set kernel.yama.ptrace_scope=0`
}

const isTraced = (thread: string): boolean => /^TracerPid:\t[1-9]/m.test(readFileSync(join(thread, 'status'), 'utf8'))

async function attach(pid: number, file: string): Promise<ChildProcess> {
  const child = spawn(STRACE, [...TRACE, '-o', file, '-p', String(pid)], { stdio: 'ignore' })
  const threads = `/proc/${pid}/task`
  await until(() => readdirSync(threads).every((thread) => isTraced(join(threads, thread))), {
    what: `strace at process ${pid}`,
    everyMs: 5,
  })
  return child
}

async function detach(child: ChildProcess): Promise<void> {
  const ended = new Promise((resolve) => child.once('close', resolve))
  // Asked, it lets go of what it traces.
  child.kill('SIGINT')
  await ended
}

/**
 * How many processes `command` and the host service start while it runs.
 * @param servicePid is traced from before the command to after it
 */
export async function countChildren(
  command: readonly string[],
  env: Readonly<Record<string, string>>,
  servicePid: number,
): Promise<number> {
  const directory = mkdtempSync(join(tmpdir(), 'mosaic-bench-'))
  const [ofCommand, ofService] = [join(directory, 'command'), join(directory, 'service')]
  try {
    const tracer = await attach(servicePid, ofService)
    try {
      const child = spawn(STRACE, [...TRACE, '-o', ofCommand, ...command], { env: { ...env }, stdio: 'ignore' })
      const status = await new Promise((resolve) => child.once('close', resolve))
      if (status !== 0) throw new Error(`${command.join(' ')} under strace: exit ${status}`)
    } finally {
      await detach(tracer)
    }
    return forksIn(readFileSync(ofCommand, 'utf8')) + forksIn(readFileSync(ofService, 'utf8'))
  } finally {
    rmSync(directory, { recursive: true, force: true })
  }
}
