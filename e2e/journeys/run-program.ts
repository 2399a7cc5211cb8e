/** A program that is not Mosaic, run to its end. */

import { spawn } from 'node:child_process'
import type { Ended } from '../fleet-under-test.ts'

interface ProgramOptions {
  cwd: string
  /** The whole environment. */
  env: Readonly<Record<string, string>>
}

/** Its stdin is empty. */
export function runProgram(program: string, args: readonly string[], options: ProgramOptions): Promise<Ended> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { ...options, stdio: ['ignore', 'pipe', 'pipe'] })
    const texts = { stdout: '', stderr: '' }
    for (const stream of ['stdout', 'stderr'] as const) {
      child[stream].setEncoding('utf8').on('data', (text: string) => {
        texts[stream] += text
      })
    }
    child.once('error', reject)
    child.once('close', (status) => resolve({ status, ...texts }))
  })
}
