import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, readlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { FleetUnderTest, TWO_STUBS } from '../fleet-under-test.ts'

interface Changed {
  did: string
  worktree: { directory: string; branch: string; kept_directory?: string | null; kept_branch?: string | null }
}

describe('an ephemeral agent in a worktree', () => {
  let fleet: FleetUnderTest
  let repository: string
  const git = (directory: string, ...args: string[]) =>
    execFileSync('git', ['-C', directory, '-c', 'user.name=a', '-c', 'user.email=a@b', ...args], {
      encoding: 'utf8',
      env: fleet.home.env,
    }).trim()
  const branches = () => git(repository, 'for-each-ref', '--format=%(refname:short)', 'refs/heads').split('\n')
  const worker = (name: string, ...more: string[]) =>
    fleet.json<Changed>(['agent', 'new', name, '--ephemeral', '--worktree', repository, ...more])

  beforeAll(async () => {
    fleet = await FleetUnderTest.make({ roster: TWO_STUBS })
    repository = join(fleet.home.home, 'an app')
    mkdirSync(repository)
    git(repository, 'init', '-q', '-b', 'main')
    git(repository, 'commit', '-q', '--allow-empty', '-m', 'first')
    await fleet.ok(['fleet', 'up'])
  })
  afterAll(() => fleet[Symbol.asyncDispose]())

  it('works on a branch of its own, and leaves nothing when it did nothing', async () => {
    const { worktree } = await worker('coder0')
    expect(worktree.branch).toBe('mosaic/coder0')
    const { pid, working_directory } = await fleet.healthy('coder0')
    expect(working_directory).toBe(worktree.directory)
    expect(readlinkSync(`/proc/${pid}/cwd`)).toBe(worktree.directory)
    expect(git(worktree.directory, 'branch', '--show-current')).toBe('mosaic/coder0')
    expect(await fleet.ok(['fleet', 'remove', 'coder0'])).toMatch(/worktree removed: .*\n {2}branch mosaic\/coder0 removed\n/)
    expect([existsSync(worktree.directory), branches()]).toEqual([false, ['main']])
  })

  it('that leaves work behind is removed without it, and where it stays is said', async () => {
    const { worktree } = await worker('coder0', '--branch', 'topic')
    writeFileSync(join(worktree.directory, 'draft'), 'x')
    const removed = await fleet.json<Changed>(['fleet', 'remove', 'coder0'])
    expect(removed).toMatchObject({ did: 'removed', worktree: { kept_directory: 'changes that are not committed', branch: 'topic' } })
    expect(existsSync(join(worktree.directory, 'draft'))).toBe(true)
    expect((await fleet.snapshot()).agents.map(({ name }) => name)).toEqual(['orchestrator', 'enhancer'])
  })

  it('that cannot be added leaves no worktree', async () => {
    const before = git(repository, 'worktree', 'list')
    for (const more of [
      ['enhancer'],
      ['bad name'],
      ['coder9', '--runtime', 'opencode'],
      ['coder9', '--cwd', '/tmp'],
      ['coder9', '--account', 'none'],
    ]) {
      const { status } = await fleet.mosaic(['agent', 'new', '--ephemeral', '--worktree', repository, ...more])
      expect([more, status === 0]).toEqual([more, false])
    }
    expect(git(repository, 'worktree', 'list')).toBe(before)
    expect((await fleet.mosaic(['agent', 'new', 'coder9', '--worktree', repository])).stderr).toContain('add --ephemeral')
  })
})
