/** An operator's regular expression over a screen, in bounded time: it is not trusted to be a good one. */

import { createContext, Script } from 'node:vm'

const TIMEOUT_MS = 250
const search = new Script('new RegExp(pattern, "mu").exec(text)?.index')
const sandbox = createContext({ pattern: '', text: '' })

/** Where the pattern is found, `undefined` when it is not, `late` when it took too long to tell. */
export function findInScreen(pattern: string, text: string): number | undefined | 'late' {
  try {
    Object.assign(sandbox, { pattern, text })
    return search.runInContext(sandbox, { timeout: TIMEOUT_MS }) as number | undefined
  } catch {
    return 'late'
  }
}
