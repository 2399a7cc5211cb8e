/**
 * Working directories of ephemeral agents: each a git worktree with a branch of its own. Changes and commits that are nowhere else are
 * never removed; they are left where they are, and that is said. What git ignores goes, as with git itself. Nothing that stands in the
 * repository is run to find out.
 */

import { existsSync, mkdirSync, realpathSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { assertName } from '@mosaic/domain/address'
import { FleetError } from '@mosaic/domain/error'
import { parseWorktree, type Worktree, type WorktreeEnd } from '@mosaic/domain/worktree'
import { atomicWrite } from '../files/atomic-write.ts'
import { readBounded } from '../files/read-bounded.ts'
import type { MosaicPaths } from '../paths.ts'
import { git, gitText, withoutFilters } from './git.ts'

const MAX_RECORD_BYTES = 64 * 1024
const MAX_TRIES = 1_000

const directoryOf = (paths: MosaicPaths): string => join(paths.fleet, 'worktrees')
const recordOf = (paths: MosaicPaths, name: string): string => join(directoryOf(paths), `${assertName(name)}.json`)

/** The worktree that was made for an agent; `undefined` when none was, or nobody can say any more. */
export function worktreeOf(paths: MosaicPaths, name: string): Worktree | undefined {
  const read = readBounded(recordOf(paths, name), MAX_RECORD_BYTES)
  return 'problem' in read ? undefined : parseWorktree(read.text)
}

/** @throws FleetError `invalid` when no repository with a commit is there */
async function repositoryAt(path: string): Promise<{ repository: string; head: string }> {
  const fault = (what: string, mend: string) => new FleetError('invalid', `${what}: ${path}`, { mend, reason: 'repository' })
  if (!existsSync(path)) throw fault('no such directory', 'name a git repository with --worktree')
  const top = await git(path, ['rev-parse', '--show-toplevel'])
  if (top.status !== 0) throw fault('no git repository', 'name one with --worktree, or make it one: git init')
  const repository = realpathSync(top.stdout.replace(/\n$/, ''))
  const head = await git(repository, ['rev-parse', '--verify', '--quiet', 'HEAD^{commit}'])
  if (head.status !== 0) throw fault('the repository has no commit yet', 'commit something first')
  return { repository, head: head.stdout.trim() }
}

async function hasBranch(repository: string, branch: string): Promise<boolean> {
  return (await git(repository, ['show-ref', '--verify', '--quiet', `refs/heads/${branch}`])).status === 0
}

/** The first of `wanted`, `wanted-2`, ... that is free. What an earlier agent of that name left stays as it is. */
async function free(wanted: string, isTaken: (candidate: string) => Promise<boolean> | boolean): Promise<string> {
  for (let n = 1; n <= MAX_TRIES; n += 1) {
    const candidate = n === 1 ? wanted : `${wanted}-${n}`
    if (!(await isTaken(candidate))) return candidate
  }
  throw new FleetError('not_done', `every name like ${wanted} is taken`, { mend: 'remove worktrees that nobody needs: git worktree list' })
}

/**
 * A new worktree of the repository at `path`, on a new branch that begins at its HEAD. Its record stands before it does.
 * @param branch the branch's name; default `mosaic/NAME`, or the next free one like it
 * @throws FleetError `invalid` for no repository or a bad branch, `refused` for a branch that there is, `not_done` with git's words
 */
export async function makeWorktree(paths: MosaicPaths, name: string, path: string, branch?: string): Promise<Worktree> {
  const { repository, head } = await repositoryAt(path)
  if (branch !== undefined) {
    if ((await git(repository, ['check-ref-format', '--branch', branch])).status !== 0)
      throw new FleetError('invalid', `${JSON.stringify(branch)} is no name of a branch`, { mend: 'choose another with --branch' })
    if (await hasBranch(repository, branch))
      throw new FleetError('refused', `the branch ${branch} is there already`, { where: repository, mend: 'choose another with --branch' })
  }
  const own = branch ?? (await free(`mosaic/${name}`, (candidate) => hasBranch(repository, candidate)))
  const directory = await free(join(directoryOf(paths), name), existsSync)
  const worktree: Worktree = { repository, directory, branch: own, base: head }
  mkdirSync(directoryOf(paths), { recursive: true, mode: 0o700 })
  atomicWrite(recordOf(paths, name), `${JSON.stringify(worktree, null, 2)}\n`)
  try {
    await gitText(repository, ['worktree', 'add', '--quiet', '-b', own, directory, head])
  } catch (error) {
    await dropWorktree(paths, name)
    throw error
  }
  return worktree
}

/** The refs that have this commit, other than `but`. */
async function refsWith(directory: string, commit: string, but?: string): Promise<string[]> {
  const refs = await gitText(directory, ['for-each-ref', '--contains', commit, '--format=%(refname)'])
  return refs.split('\n').filter((ref) => ref !== '' && ref !== but)
}

/** Why the directory must stay; `undefined` when nothing in it would be lost. */
async function keptFor(directory: string, more: readonly string[]): Promise<string | undefined> {
  const status = await git(directory, ['status', '--porcelain', '--untracked-files=normal'], { more })
  if (status.status !== 0) return 'it could not be looked at'
  if (status.stdout !== '') return 'changes that are not committed'
  // Committed while no branch was checked out.
  return (await refsWith(directory, 'HEAD')).length === 0 ? 'commits that are on no branch' : undefined
}

/**
 * Removes an agent's worktree and branch, each unless it holds what is nowhere else. Whatever is kept is not the fleet's any more.
 * @returns `undefined` when the agent had none
 */
export async function dropWorktree(paths: MosaicPaths, name: string): Promise<WorktreeEnd | undefined> {
  const worktree = worktreeOf(paths, name)
  if (worktree === undefined) return undefined
  const end = await dropped(worktree)
  rmSync(recordOf(paths, name), { force: true })
  return end
}

async function dropped({ repository, directory, branch }: Worktree): Promise<WorktreeEnd> {
  const end: WorktreeEnd = { directory, branch, kept_directory: null, kept_branch: null }
  if (!existsSync(repository)) {
    const unseen = 'it could not be looked at'
    return { ...end, kept_directory: existsSync(directory) ? unseen : null, kept_branch: unseen }
  }
  if (existsSync(directory)) {
    const more = await withoutFilters(repository)
    const kept = await keptFor(directory, more).catch(() => 'it could not be looked at')
    // Without force: git itself refuses what has changed since it was looked at.
    if (kept !== undefined || (await git(repository, ['worktree', 'remove', directory], { more })).status !== 0)
      return { ...end, kept_directory: kept ?? 'changes that are not committed', kept_branch: 'its directory is kept' }
  }
  await git(repository, ['worktree', 'prune'])
  const ref = `refs/heads/${branch}`
  if (!(await hasBranch(repository, branch))) return end
  if ((await refsWith(repository, ref, ref)).length === 0) return { ...end, kept_branch: 'commits that are on no other branch' }
  await gitText(repository, ['branch', '--quiet', '-D', branch])
  return end
}
