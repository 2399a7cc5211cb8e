/** How each runtime is logged in, by its own program. */

import type { AccountRuntime } from './account.ts'

/** Behind the program. pi logs in inside of itself. */
export const LOGIN_WORDS: Readonly<Record<AccountRuntime, readonly string[]>> = {
  claude: ['auth', 'login'],
  codex: ['login'],
  opencode: ['auth', 'login'],
  pi: [],
}

/** What the operator has to type in it. */
export const LOGIN_HINT: Readonly<Partial<Record<AccountRuntime, string>>> = { pi: 'type /login in it, and /quit when that is done' }

/**
 * The command that logs in.
 * @param account null: the operator's own home
 */
export function loginMend(runtime: string, account: string | null): string {
  if (account !== null) return `mosaic account login ${account}`
  if (!Object.hasOwn(LOGIN_WORDS, runtime)) return `log in to ${runtime}`
  const known = runtime as AccountRuntime
  const hint = LOGIN_HINT[known]
  return `${[runtime, ...LOGIN_WORDS[known]].join(' ')}${hint === undefined ? '' : `, and ${hint}`}`
}
