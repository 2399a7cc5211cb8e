import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { tempHome } from '@mosaic/testkit/temp-home'
import { describe, expect, it } from 'vitest'
import { resolvePaths } from '../paths.ts'
import { dropWorktree, makeWorktree, worktreeOf } from './worktree.ts'

const NOTHING_KEPT = { kept_directory: null, kept_branch: null }

async function world() {
  const home = await tempHome()
  const repository = join(home.root, 'a "repo" $(x)')
  mkdirSync(repository)
  const git = (directory: string, ...args: string[]) =>
    execFileSync('git', ['-C', directory, ...args], {
      encoding: 'utf8',
      env: { ...home.env, GIT_AUTHOR_NAME: 'a', GIT_AUTHOR_EMAIL: 'a@b', GIT_COMMITTER_NAME: 'a', GIT_COMMITTER_EMAIL: 'a@b' },
    }).trim()
  const commit = (directory: string, file: string) => {
    writeFileSync(join(directory, file), 'x\n')
    git(directory, 'add', file)
    git(directory, 'commit', '-qm', file)
  }
  git(repository, 'init', '-q', '-b', 'main')
  commit(repository, 'first')
  return {
    paths: resolvePaths({ env: home.env }),
    repository,
    git,
    commit,
    branches: () => git(repository, 'for-each-ref', '--format=%(refname:short)', 'refs/heads').split('\n'),
    [Symbol.asyncDispose]: () => home[Symbol.asyncDispose](),
  }
}

describe('a worktree', () => {
  it('has a branch of its own that begins where the repository is, and goes without a trace', async () => {
    await using it = await world()
    const worktree = await makeWorktree(it.paths, 'coder1', join(it.repository, '.'))
    expect(worktree).toMatchObject({ repository: it.repository, branch: 'mosaic/coder1', base: it.git(it.repository, 'rev-parse', 'main') })
    expect(readFileSync(join(worktree.directory, 'first'), 'utf8')).toBe('x\n')
    expect(it.git(worktree.directory, 'branch', '--show-current')).toBe('mosaic/coder1')
    expect(worktreeOf(it.paths, 'coder1')).toEqual(worktree)
    expect(await dropWorktree(it.paths, 'coder1')).toEqual({ directory: worktree.directory, branch: 'mosaic/coder1', ...NOTHING_KEPT })
    expect([existsSync(worktree.directory), it.branches(), worktreeOf(it.paths, 'coder1')]).toEqual([false, ['main'], undefined])
    expect(it.git(it.repository, 'worktree', 'list').split('\n')).toHaveLength(1)
    expect(await dropWorktree(it.paths, 'coder1')).toBeUndefined()
  })

  it('with changes that are not committed stays, and so does its branch; the next agent of that name has another', async () => {
    await using it = await world()
    const { directory } = await makeWorktree(it.paths, 'coder1', it.repository)
    writeFileSync(join(directory, 'draft'), 'not committed')
    expect(await dropWorktree(it.paths, 'coder1')).toEqual({
      directory,
      branch: 'mosaic/coder1',
      kept_directory: 'changes that are not committed',
      kept_branch: 'its directory is kept',
    })
    expect(readFileSync(join(directory, 'draft'), 'utf8')).toBe('not committed')
    const next = await makeWorktree(it.paths, 'coder1', it.repository)
    expect([next.directory, next.branch]).toEqual([`${directory}-2`, 'mosaic/coder1-2'])
  })

  it('with commits that are nowhere else leaves its branch, and none when they were merged', async () => {
    await using it = await world()
    const first = await makeWorktree(it.paths, 'coder1', it.repository)
    it.commit(first.directory, 'work')
    expect(await dropWorktree(it.paths, 'coder1')).toMatchObject({ kept_branch: 'commits that are on no other branch' })
    expect([existsSync(first.directory), it.branches()]).toEqual([false, ['main', 'mosaic/coder1']])
    const second = await makeWorktree(it.paths, 'coder2', it.repository, 'topic')
    it.commit(second.directory, 'more work')
    it.git(it.repository, 'merge', '-q', 'topic')
    expect(await dropWorktree(it.paths, 'coder2')).toEqual({ directory: second.directory, branch: 'topic', ...NOTHING_KEPT })
    expect(it.branches()).toEqual(['main', 'mosaic/coder1'])
  })

  it('that somebody removed, with its repository or without, is forgotten', async () => {
    await using it = await world()
    const { directory } = await makeWorktree(it.paths, 'coder1', it.repository)
    rmSync(directory, { recursive: true })
    expect(await dropWorktree(it.paths, 'coder1')).toEqual({ directory, branch: 'mosaic/coder1', ...NOTHING_KEPT })
    await makeWorktree(it.paths, 'coder1', it.repository)
    rmSync(it.repository, { recursive: true })
    expect(await dropWorktree(it.paths, 'coder1')).toMatchObject({ kept_directory: 'it could not be looked at' })
    expect(worktreeOf(it.paths, 'coder1')).toBeUndefined()
  })

  it('with commits that are on no branch stays', async () => {
    await using it = await world()
    const { directory } = await makeWorktree(it.paths, 'coder1', it.repository)
    it.git(directory, 'checkout', '-q', '--detach')
    it.commit(directory, 'work')
    expect(await dropWorktree(it.paths, 'coder1')).toMatchObject({ kept_directory: 'commits that are on no branch' })
    expect(existsSync(join(directory, 'work'))).toBe(true)
  })

  it('runs nothing that the repository’s settings name', async () => {
    await using it = await world()
    const { directory } = await makeWorktree(it.paths, 'coder1', it.repository)
    const planted = join(it.repository, '.git', 'planted')
    writeFileSync(planted, `#!/bin/sh\ntouch '${it.paths.home}/ran'\n`, { mode: 0o755 })
    it.git(it.repository, 'config', 'core.fsmonitor', `'${planted}'`)
    it.git(it.repository, 'config', 'core.hooksPath', join(it.repository, '.git'))
    writeFileSync(join(it.repository, '.git', 'info', 'attributes'), '* filter=planted\n')
    for (const key of ['clean', 'smudge', 'process']) it.git(it.repository, 'config', `filter.planted.${key}`, `'${planted}'`)
    it.git(it.repository, 'config', 'filter.planted.required', 'true')
    // As if it were written anew: git has to look into it.
    utimesSync(join(directory, 'first'), 1, 1)
    expect(await dropWorktree(it.paths, 'coder1')).toEqual({ directory, branch: 'mosaic/coder1', ...NOTHING_KEPT })
    expect(existsSync(join(it.paths.home, 'ran'))).toBe(false)
  })
})

describe('no worktree is made, and nothing is left,', () => {
  it.each([
    ['where nothing is', 'absent', undefined, 'no such directory'],
    ['where no repository is', '..', undefined, 'no git repository'],
    ['of a repository without a commit', 'empty', undefined, 'no commit'],
    ['on a branch with a bad name', '.', 'a..b', 'no name of a branch'],
    ['on a branch that looks like an option', '.', '--force', 'no name of a branch'],
    ['on a branch that there is', '.', 'main', 'already'],
  ])('%s', async (_what, path, branch, says) => {
    await using it = await world()
    const empty = join(it.repository, 'empty')
    mkdirSync(empty)
    it.git(empty, 'init', '-q')
    await expect(makeWorktree(it.paths, 'coder1', join(it.repository, path), branch)).rejects.toThrow(says)
    expect([worktreeOf(it.paths, 'coder1'), it.branches()]).toEqual([undefined, ['main']])
  })
})
