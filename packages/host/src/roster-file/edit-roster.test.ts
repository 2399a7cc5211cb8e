import { type ChildProcessWithoutNullStreams, execFileSync, spawn } from 'node:child_process'
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { FileLock } from '../files/lock.ts'
import { editRoster } from './edit-roster.ts'
import { loadRoster } from './read-roster.ts'

const START = '# mine\nversion: 1\ndefaults: {runtime: stub}\nagents:\n  - name: orchestrator # boss\n'
let directory = ''
let roster = ''
let lock = ''

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'mosaic-roster-'))
  roster = join(directory, 'roster.yaml')
  lock = join(directory, 'locks', '.roster.lock')
  writeFileSync(roster, START)
})
afterEach(() => rmSync(directory, { recursive: true, force: true }))

/** A process that edits this test's roster; each `step` is a line of code that may use `document` and `n`. */
function editor(name: string, count: number, step: string): ChildProcessWithoutNullStreams {
  const module = pathToFileURL(join(import.meta.dirname, 'edit-roster.ts')).href
  const code = `
    import { editRoster } from ${JSON.stringify(module)}
    for (let n = 0; n < ${count}; n += 1) {
      await editRoster(${JSON.stringify(roster)}, ${JSON.stringify(lock)}, (document) => { ${step} })
      process.stdout.write('edited\\n')
    }`
  return spawn(process.execPath, ['--input-type=module', '-e', code], { env: { ...process.env, EDITOR_NAME: name } })
}

const ended = (child: ChildProcessWithoutNullStreams): Promise<{ code: number | null; errors: string }> => {
  let errors = ''
  child.stderr.on('data', (chunk) => {
    errors += String(chunk)
  })
  return new Promise((resolve) => child.on('close', (code) => resolve({ code, errors })))
}
const files = () => readdirSync(directory).sort()

describe('an edit', () => {
  test('gives the new roster back and leaves the file with it, the lock free and nothing beside it', async () => {
    const result = await editRoster(roster, lock, (document) => document.addAgent({ name: 'enhancer' }))
    expect(result.agents.map(({ name }) => name)).toEqual(['orchestrator', 'enhancer'])
    expect(readFileSync(roster, 'utf8')).toBe(`${START}  - name: enhancer\n`)
    expect(files()).toEqual(['locks', 'roster.yaml'])
    FileLock.tryAcquire(lock)?.[Symbol.dispose]()
  })

  test('keeps the mode of the file', async () => {
    chmodSync(roster, 0o640)
    await editRoster(roster, lock, (document) => document.addAgent({ name: 'enhancer' }))
    expect(statSync(roster).mode & 0o777).toBe(0o640)
  })

  test('writes through a symbolic link', async () => {
    const repository = join(directory, 'repository')
    mkdirSync(repository)
    const target = join(repository, 'fleet.yaml')
    writeFileSync(target, START)
    rmSync(roster)
    symlinkSync(target, roster)
    await editRoster(roster, lock, (document) => document.addAgent({ name: 'enhancer' }))
    expect(readFileSync(target, 'utf8')).toContain('enhancer')
    expect(readdirSync(repository)).toEqual(['fleet.yaml'])
    expect(statSync(roster, { bigint: false }).isFile()).toBe(true)
    expect(execFileSync('readlink', [roster], { encoding: 'utf8' }).trim()).toBe(target)
  })

  test('that changes nothing does not write', async () => {
    const before = statSync(roster).ino
    await editRoster(roster, lock, (document) => document.editAgent('orchestrator', { alias: null }))
    expect(statSync(roster).ino).toBe(before)
  })

  test.each<[string, (document: import('./edit-roster.ts').RosterDocument) => void, string]>([
    ['a faulty result', (document) => document.addAgent({ name: 'a.b' }), 'invalid'],
    ['a missing agent', (document) => document.removeAgent('nobody'), 'not_found'],
  ])('that ends in %s leaves the file untouched and the lock free', async (_, change, code) => {
    await expect(editRoster(roster, lock, change)).rejects.toMatchObject({ code })
    expect(readFileSync(roster, 'utf8')).toBe(START)
    expect(files()).toEqual(['locks', 'roster.yaml'])
    expect(FileLock.tryAcquire(lock)?.[Symbol.dispose]()).toBeUndefined()
  })

  test('whose caller changes its mind leaves the file untouched', async () => {
    await expect(
      editRoster(roster, lock, (document) => {
        document.addAgent({ name: 'enhancer' })
        throw new Error('no')
      }),
    ).rejects.toThrow('no')
    expect(readFileSync(roster, 'utf8')).toBe(START)
  })

  test('of a faulty or absent file is refused', async () => {
    writeFileSync(roster, 'version: 2\n')
    await expect(editRoster(roster, lock, () => undefined)).rejects.toMatchObject({
      code: 'invalid',
      message: expect.stringContaining(`${roster}:1:10`),
    })
    rmSync(roster)
    await expect(editRoster(roster, lock, () => undefined)).rejects.toMatchObject({ code: 'not_found', mend: 'mosaic fleet init --write' })
    expect(existsSync(roster)).toBe(false)
  })

  test('sweeps what a writer that was killed left behind, and nothing else', async () => {
    const dead = spawn(process.execPath, ['-e', ''])
    await ended(dead)
    for (const name of [
      `roster.yaml.${dead.pid}.0a1b2c3d.tmp`,
      `roster.yaml.${process.pid}.0a1b2c3d.tmp`,
      'roster.yaml.bak',
      'roster.yaml.1.tmp',
    ]) {
      writeFileSync(join(directory, name), 'x')
    }
    await editRoster(roster, lock, (document) => document.addAgent({ name: 'enhancer' }))
    expect(files()).toEqual(['locks', 'roster.yaml', 'roster.yaml.1.tmp', `roster.yaml.${process.pid}.0a1b2c3d.tmp`, 'roster.yaml.bak'])
  })
})

describe('two editors in two processes', () => {
  test('with 50 edits each lose none', async () => {
    const step = 'document.addAgent({ name: process.env.EDITOR_NAME + n })'
    const results = await Promise.all(['left', 'right'].map((name) => ended(editor(name, 50, step))))
    expect(results).toEqual([
      { code: 0, errors: '' },
      { code: 0, errors: '' },
    ])
    const reading = loadRoster(roster)
    const names = reading.ok ? reading.roster.agents.map(({ name }) => name) : []
    for (const side of ['left', 'right']) {
      expect(names.filter((name) => name.startsWith(side))).toEqual(Array.from({ length: 50 }, (_, n) => `${side}${n}`))
    }
    expect(names).toHaveLength(101)
    expect(readFileSync(roster, 'utf8').startsWith(START)).toBe(true)
  })
})

describe('an editor that is killed', () => {
  test('in the middle of its work leaves the old file or the new one, whole, and the lock free', async () => {
    const step = "document.editAgent('orchestrator', { alias: 'n' + n + 'x'.repeat(3000) })"
    for (let round = 0; round < 12; round += 1) {
      const child = editor('victim', 1_000_000, step)
      const end = ended(child)
      let edits = 0
      child.stdout.on('data', (chunk) => {
        edits += String(chunk).split('\n').length - 1
        // At another point of an edit every round: the child is somewhere between two reports.
        if (edits > 3 + round) child.kill('SIGKILL')
      })
      await end
      expect(child.signalCode).toBe('SIGKILL')
      const reading = loadRoster(roster)
      expect(reading).toMatchObject({ ok: true })
      if (reading.ok) expect(reading.roster.agents[0]?.alias).toMatch(/^n\d+x{3000}$/)
      expect(readFileSync(roster, 'utf8')).toMatch(/^# mine\n[\s\S]*# boss\n {4}alias: n\d+x+\n$/)
    }
    await editRoster(roster, lock, (document) => document.editAgent('orchestrator', { alias: null }))
    expect(readFileSync(roster, 'utf8')).toBe(START)
    expect(files()).toEqual(['locks', 'roster.yaml'])
  })
})
