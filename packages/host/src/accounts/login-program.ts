/** A runtime's own login and its own word about it, run as its operator would, in the home of one account. */

import { execFile, spawn } from 'node:child_process'
import type { AccountRuntime } from '@mosaic/domain/account'
import { FleetError } from '@mosaic/domain/error'
import { LOGIN_WORDS } from '@mosaic/domain/login'
import type { Environment } from './account-home.ts'
import type { LoginState } from './login-state.ts'

const NOT_LOGGED_IN = /not logged in|"loggedIn":\s*false/i
/** Those that tell it without a network; each exits 0 when logged in. */
const STATUS: Readonly<Partial<Record<AccountRuntime, readonly string[]>>> = { claude: ['auth', 'status'], codex: ['login', 'status'] }
const STATUS_MS = 30_000

export interface LoginRequest {
  runtime: AccountRuntime
  /** The located program. */
  argv: readonly string[]
  env: Environment
}

/**
 * Runs the login in this terminal, to its end. Ctrl-C is the program's: it stands in the same terminal.
 * @param stdout where the program's output goes
 * @returns its exit status, `null` when a signal ended it
 */
export function runLogin(request: LoginRequest, stdout: 'inherit' | 'stderr'): Promise<number | null> {
  const [program = '', ...args] = [...request.argv, ...LOGIN_WORDS[request.runtime]]
  const child = spawn(program, args, { env: { ...request.env }, stdio: ['inherit', stdout === 'stderr' ? 2 : 'inherit', 'inherit'] })
  return new Promise((resolve, reject) => {
    child.once('error', (cause) => reject(new FleetError('missing', `${program} does not run`, { cause })))
    child.once('close', resolve)
  })
}

/** Asks the program itself; `undefined` when it cannot be asked. It may write its own state into the home. */
export function askStatus({ runtime, argv, env }: LoginRequest): Promise<LoginState | undefined> {
  const words = STATUS[runtime]
  if (words === undefined) return Promise.resolve(undefined)
  const [program = '', ...args] = [...argv, ...words]
  return new Promise((resolve) => {
    execFile(program, args, { env: { ...env }, timeout: STATUS_MS, killSignal: 'SIGKILL' }, (error, stdout, stderr) => {
      const detail = `by the word of ${runtime} ${words.join(' ')}`
      if (error === null) resolve({ state: 'logged-in', detail })
      else resolve(NOT_LOGGED_IN.test(`${stdout}${stderr}`) ? { state: 'logged-out', detail } : undefined)
    })
  })
}
