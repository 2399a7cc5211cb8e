/** The git program, as it is asked about somebody's repository. */

import { execFile } from 'node:child_process'
import { FleetError } from '@mosaic/domain/error'

export interface GitAnswer {
  status: number
  stdout: string
  stderr: string
}

/** A large repository on a slow disk, and no more. Milliseconds. */
const WITHIN_MS = 120_000
const MAX_OUTPUT_BYTES = 16 * 1024 * 1024

/** Programs that a repository's own settings may name, and that whoever works in it could plant. */
const RUNS_NOTHING = ['core.fsmonitor=false', 'core.hooksPath=/dev/null', 'core.pager=cat', 'submodule.recurse=false']

/** Without what the caller's own git may have set: another repository, another index. */
function environment(env: Readonly<Record<string, string | undefined>>): Record<string, string | undefined> {
  const others = Object.entries(env).filter(([name]) => !name.startsWith('GIT_'))
  return { ...Object.fromEntries(others), LC_ALL: 'C', GIT_TERMINAL_PROMPT: '0', GIT_OPTIONAL_LOCKS: '0' }
}

/** @throws FleetError `missing` without git, `not_done` when it does not end */
export function git(
  directory: string,
  args: readonly string[],
  { more = [], env = process.env }: { more?: readonly string[]; env?: NodeJS.ProcessEnv } = {},
): Promise<GitAnswer> {
  const settings = [...RUNS_NOTHING, ...more].flatMap((setting) => ['-c', setting])
  const options = { env: environment(env), timeout: WITHIN_MS, maxBuffer: MAX_OUTPUT_BYTES, killSignal: 'SIGKILL' } as const
  return new Promise((resolve, reject) => {
    execFile('git', ['-C', directory, ...settings, ...args], options, (error, stdout, stderr) => {
      if (error === null) return resolve({ status: 0, stdout, stderr })
      if (error.code === 'ENOENT')
        return reject(new FleetError('missing', 'git is not installed', { mend: 'apt-get install git', reason: 'git' }))
      if (typeof error.code === 'number') return resolve({ status: error.code, stdout, stderr })
      reject(new FleetError('not_done', `git ${args[0]} did not end: ${error.message.split('\n')[0]}`, { where: directory, cause: error }))
    })
  })
}

/** What it wrote, without the last newline. @throws FleetError `not_done` with git's own words when it failed */
export async function gitText(directory: string, args: readonly string[]): Promise<string> {
  const { status, stdout, stderr } = await git(directory, args)
  if (status === 0) return stdout.replace(/\n$/, '')
  throw new FleetError('not_done', `git ${args[0]}: ${stderr.trim().split('\n').at(-1) ?? `exit ${status}`}`, {
    where: directory,
    reason: 'git',
  })
}

const FILTER = /^filter\.([\s\S]+)\.(?:clean|smudge|process|required)$/

/**
 * Settings without the programs that the repository would have change its files: whoever worked in it may have named them. A file that
 * such a program keeps in another form then counts as changed.
 */
export async function withoutFilters(directory: string): Promise<string[]> {
  const { stdout } = await git(directory, ['config', '--null', '--name-only', '--get-regexp', '^filter\\.'])
  const names = new Set(stdout.split('\0').flatMap((key) => FILTER.exec(key)?.[1] ?? []))
  return [...names].flatMap((name) => [
    ...['clean', 'smudge', 'process'].map((key) => `filter.${name}.${key}=`),
    `filter.${name}.required=false`,
  ])
}
