/**
 * Everything that is checked: build, types, lint, format, dead code, import cycles, tests. Each check counts as one test, all of them run
 * whatever failed before, and the last line is the sum.
 */

import { spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, dirname, join } from 'node:path'
import type { Totals } from './totals-reporter.ts'

const ROOT = join(import.meta.dirname, '..')
const BIN = join(ROOT, 'node_modules', '.bin')

/** Name and command of each check. */
const CHECKS: readonly (readonly [string, ...string[]])[] = [
  ['build', process.execPath, '--disable-warning=ExperimentalWarning', 'scripts/build.ts'],
  ['typecheck', join(BIN, 'tsc'), '-p', 'tsconfig.json'],
  ['lint', join(BIN, 'biome'), 'lint', '--error-on-warnings', '.'],
  ['format', join(BIN, 'biome'), 'format', '.'],
  ['dead code', join(BIN, 'knip')],
  ['import cycles', join(BIN, 'knip'), '--cycles'],
]

/** One file at a time: each starts large programs. */
const REAL_PROJECT = ['--project', 'real', '--maxWorkers', '1']
const FAST_PROJECTS = ['--project', 'domain', '--project', 'unit']

interface Outcome {
  ok: boolean
  output: string
  seconds: string
}

/** @param show hands the program's output through as it comes */
function run(command: readonly string[], env: NodeJS.ProcessEnv, show: boolean): Promise<Outcome> {
  const [program = '', ...args] = command
  const started = performance.now()
  const child = spawn(program, args, { cwd: ROOT, env, stdio: ['ignore', show ? 'inherit' : 'pipe', show ? 'inherit' : 'pipe'] })
  const chunks: Buffer[] = []
  child.stdout?.on('data', (chunk: Buffer) => chunks.push(chunk))
  child.stderr?.on('data', (chunk: Buffer) => chunks.push(chunk))
  return new Promise((resolve) => {
    const end = (ok: boolean, more = '') => {
      const seconds = ((performance.now() - started) / 1000).toFixed(1)
      resolve({ ok, output: Buffer.concat(chunks).toString('utf8') + more, seconds })
    }
    child.on('error', (error) => end(false, error.message))
    child.on('close', (code) => end(code === 0))
  })
}

async function runChecks(env: NodeJS.ProcessEnv): Promise<{ passed: number; failed: number }> {
  const totals = { passed: 0, failed: 0 }
  for (const [name, ...command] of CHECKS) {
    const { ok, output, seconds } = await run(command, env, false)
    totals[ok ? 'passed' : 'failed'] += 1
    console.log(`${ok ? 'ok    ' : 'FAILED'} ${name} (${seconds} s)`)
    if (!ok) console.log(output)
  }
  return totals
}

/** Vitest in a process of its own: when it dies, that is one failure more and not the end of this program. */
async function runTests(args: readonly string[], env: NodeJS.ProcessEnv): Promise<Totals> {
  const directory = mkdtempSync(join(tmpdir(), 'mosaic-test-'))
  const file = join(directory, 'totals.json')
  const reporters = ['--reporter=default', `--reporter=${join(ROOT, 'scripts', 'totals-reporter.ts')}`]
  try {
    const command = [process.execPath, join(BIN, '..', 'vitest', 'vitest.mjs'), 'run', ...reporters, ...args]
    const { ok } = await run(command, { ...env, TEST_TOTALS_FILE: file }, true)
    return judged(readTotals(file), ok)
  } finally {
    rmSync(directory, { recursive: true, force: true })
  }
}

function readTotals(file: string): Totals | undefined {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as Totals
  } catch {
    return undefined
  }
}

/** No result, no test, or an exit that the totals do not explain is a failure. */
function judged(totals: Totals | undefined, exitedWell: boolean): Totals {
  if (totals === undefined) return { passed: 0, failed: 1, skipped: [], silent: [] }
  const unexplained = totals.failed === 0 && (!exitedWell || totals.passed === 0)
  return unexplained ? { ...totals, failed: 1 } : totals
}

function report(checks: { passed: number; failed: number }, tests: Totals): void {
  for (const { name, reason } of tests.skipped) console.log(`skipped: ${name}: ${reason}`)
  for (const name of tests.silent) console.log(`FAILED, skipped without a reason: ${name}`)
  const skipped = tests.skipped.length === 0 ? '' : `, ${tests.skipped.length} skipped`
  console.log(`${checks.passed + tests.passed} passed, ${checks.failed + tests.failed} failed${skipped}`)
}

const args = process.argv.slice(2)
const fast = args.includes('--fast')
const real = args.includes('--real')
const ownArguments = ['--fast', '--real', '--with-real']
const env = {
  ...process.env,
  ...(real ? { TEST_REAL: 'all' } : args.includes('--with-real') ? { TEST_REAL: 'reduced' } : {}),
  PATH: [dirname(process.execPath), BIN, process.env['PATH']].join(delimiter),
}
const checks = await runChecks(env)
const projects = real ? REAL_PROJECT : fast ? FAST_PROJECTS : []
const tests = await runTests([...projects, ...args.filter((argument) => !ownArguments.includes(argument))], env)
report(checks, tests)
process.exitCode = checks.failed + tests.failed === 0 ? 0 : 1
