import { execFile } from 'node:child_process'
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { afterFirstStart, OPENED_FILE } from './first-start.ts'

const run = promisify(execFile)

let directory = ''
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'mosaic-ocf-'))
})
afterEach(() => rmSync(directory, { recursive: true, force: true }))

const at = (...path: string[]) => join(directory, ...path)

/** Opens its database as OpenCode does, badly when another is at it; else says with which words it was run. */
function program(): string {
  const text = `#!/bin/sh
case "$*" in
  *'db path')
    mkdir inside || { : >overlapped; exit 1; }
    echo opened >>openings
    sleep 0.2
    : >"\${XDG_DATA_HOME:-$HOME/.local/share}/opencode/opencode.db"
    rmdir inside ;;
  *) printf '[%s]' "$@"; cat ;;
esac
`
  writeFileSync(at('program'), text)
  chmodSync(at('program'), 0o755)
  return at('program')
}

interface Start {
  argv?: readonly string[]
  version?: string
  agent?: string
  env?: Record<string, string>
}

async function start({ argv = [program()], version = '1.0.0', agent = 'a0', env = {} }: Start = {}): Promise<string> {
  mkdirSync(at(agent), { recursive: true })
  const [file = '', ...args] = afterFirstStart({ program: { argv, version }, stateDirectory: at(agent) }, ['--port', '0 1'])
  const running = run(file, args, { cwd: directory, env: { PATH: process.env['PATH'] ?? '', HOME: directory, ...env } })
  running.child.stdin?.end('typed')
  return (await running).stdout
}
const openings = () => (existsSync(at('openings')) ? readFileSync(at('openings'), 'utf8').split('\n').filter(Boolean).length : 0)

test('of several agents that start for the first time in one data directory, each opens it alone', async () => {
  program()
  const agents = ['a0', 'a1', 'a2', 'a3']
  const argv = [at('program')]
  expect(await Promise.all(agents.map((agent) => start({ agent, argv })))).toEqual(agents.map(() => '[--port][0 1]typed'))
  expect(openings()).toBe(agents.length)
  expect(existsSync(at('overlapped'))).toBe(false)
})

test('a later start of the same version opens nothing beforehand; one of another version, or in another place, does', async () => {
  await start()
  await start()
  expect(openings()).toBe(1)
  await start({ version: '1.0.1' })
  expect(openings()).toBe(2)
  await start({ version: '1.0.1', env: { XDG_DATA_HOME: at('elsewhere') } })
  expect(openings()).toBe(3)
  rmSync(at('elsewhere', 'opencode', 'opencode.db'))
  await start({ version: '1.0.1', env: { XDG_DATA_HOME: at('elsewhere') } })
  expect(openings()).toBe(4)
})

test('a command of several words is run whole', async () => {
  const argv = [program(), '--flag', "it's"]
  expect(await start({ argv })).toBe("[--flag][it's][--port][0 1]typed")
  expect(openings()).toBe(1)
})

test('a program that cannot open it is started all the same, and asked again the next time', async () => {
  mkdirSync(at('inside'))
  expect(await start()).toBe('[--port][0 1]typed')
  expect(existsSync(at('a0', OPENED_FILE))).toBe(false)
  rmSync(at('inside'), { recursive: true })
  await start()
  expect(openings()).toBe(1)
})
