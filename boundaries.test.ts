/** The house, as checks: who may import whom and who may do what, each line with its reason. */

import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { BUNDLES } from './scripts/bundles.ts'
import {
  atMostLines,
  everyProductFileHasARoom,
  functionsAtMost,
  importsOnlyIn,
  isProduct,
  namesThatSay,
  noDefaultExports,
  onlyIn,
  type Room,
  type Rule,
  roomRule,
  startedOnlyBy,
  testsThatRun,
  violationsOf,
} from './scripts/house-rules.ts'
import { factsOf, isTest, readSources } from './scripts/source-facts.ts'

const ROOMS: readonly Room[] = [
  {
    at: 'packages/domain',
    name: '@mosaic/domain',
    imports: [],
    libraries: ['zod'],
    node: false,
    why: 'what a fleet is holds on every machine and in a browser',
  },
  {
    at: 'packages/host',
    name: '@mosaic/host',
    imports: ['@mosaic/domain'],
    libraries: ['yaml'],
    typesOf: ['@earendil-works/pi-coding-agent'],
    node: true,
    why: 'this machine serves whoever asks, and knows no surface; a runtime brings its own code',
  },
  {
    at: 'packages/framework',
    name: '@mosaic/framework',
    imports: ['@mosaic/domain'],
    libraries: ['yaml'],
    node: true,
    why: 'content does not depend on what uses it',
  },
  {
    at: 'packages/testkit',
    name: '@mosaic/testkit',
    imports: ['@mosaic/domain'],
    libraries: ['vitest', 'fast-check'],
    node: true,
    why: 'a test program that shared code with what it tests would share its faults',
  },
  {
    at: 'apps/cli',
    name: '@mosaic/cli',
    imports: ['@mosaic/domain', '@mosaic/host', '@mosaic/framework'],
    libraries: ['commander', '@bomb.sh/tab', '@clack/prompts', 'zod'],
    node: true,
    why: 'a pane runs this command: what it cannot import, no agent can reach through it',
  },
  {
    at: 'apps/mosaicd',
    name: '@mosaic/host-service',
    imports: ['@mosaic/domain', '@mosaic/host', '@mosaic/framework'],
    libraries: [],
    node: true,
    why: 'the one place where everything is wired together, and no test program among it',
  },
]

/** Main modules: one per bundle, and those of the test programs. */
const isMain = (path: string) => BUNDLES.some(({ source }) => source === path) || /^packages\/testkit\/.*\bmain\.ts$/.test(path)
const isOutsideProduct = (path: string) => !isProduct(path)
const isOutsideDomain = (path: string) => !path.startsWith('packages/domain/') || isTest(path)

/** A rule with files that break it, and files that look alike and do not. */
interface Checked {
  rule: Rule
  breaks: Readonly<Record<string, string>>
  keeps: Readonly<Record<string, string>>
}

const TMUX = 'packages/host/src/tmux/tmux.ts'
const PI_EXTENSION = 'packages/host/src/runtimes/pi/extension.ts'

const room = (at: string): Rule => roomRule(ROOMS.find((each) => each.at === at) as Room)

const CHECKED: readonly Checked[] = [
  {
    rule: room('packages/domain'),
    breaks: {
      'packages/domain/src/a.ts': `import { readFileSync } from 'node:fs'`,
      'packages/domain/src/b.ts': `import fs from 'fs'`,
      'packages/domain/src/c.ts': `import type { Z } from 'yaml'`,
      'packages/domain/src/d.ts': `export * from '@mosaic/host/paths'`,
      'packages/domain/src/e.ts': `export const a = await import('../../host/src/paths.ts')`,
      'packages/domain/src/f.ts': `const name = 'x'\nexport const a = () => import(name)`,
      'packages/domain/src/g.ts': `export type A = import('@mosaic/host/paths').MosaicPaths`,
      'packages/domain/src/h.ts': `import { until } from '@mosaic/testkit/until'`,
      'packages/domain/src/i.ts': `import './roster.test.ts'`,
    },
    keeps: {
      'packages/domain/src/a.ts': `import { z } from 'zod'\nimport './ports/clock.ts'\nexport { x } from '@mosaic/domain/error'\n// import 'node:fs'`,
      'packages/domain/src/a.test.ts': `import { it } from 'vitest'\nimport fc from 'fast-check'\nimport 'node:fs'\nimport '@mosaic/testkit/until'`,
    },
  },
  {
    rule: room('packages/host'),
    breaks: {
      'packages/host/src/a.ts': `import { FakeLlm } from '@mosaic/testkit/fake-llm'`,
      'packages/host/src/b.ts': `import '@mosaic/cli/main'`,
      'packages/host/src/c.ts': `import { x } from '@earendil-works/pi-coding-agent'`,
      'packages/host/src/d.test.ts': `import '@mosaic/host-service/main'`,
      'packages/host/src/e.ts': `import { z } from 'zod'`,
    },
    keeps: {
      'packages/host/src/a.ts': `import 'node:fs'\nimport 'yaml'\nimport '@mosaic/domain/ports/runtime'\nimport type { X } from '@earendil-works/pi-coding-agent'`,
      'packages/host/src/tmux/a.test.ts': `import { until } from '@mosaic/testkit/until'\nimport '../paths.ts'`,
    },
  },
  {
    rule: room('packages/framework'),
    breaks: { 'packages/framework/src/a.ts': `import '@mosaic/host/paths'` },
    keeps: { 'packages/framework/src/a.ts': `import '@mosaic/domain/profile'` },
  },
  {
    rule: room('packages/testkit'),
    breaks: { 'packages/testkit/src/a.ts': `import '@mosaic/host/paths'` },
    keeps: { 'packages/testkit/src/contracts/a.ts': `import { it } from 'vitest'\nimport '@mosaic/domain/error'` },
  },
  {
    rule: room('apps/cli'),
    breaks: {
      'apps/cli/src/a.ts': `import '@mosaic/host-service/main'`,
      'apps/cli/src/commands/b.ts': `export const late = () => import('../../../mosaicd/src/main.ts')`,
      'apps/cli/src/c.ts': `const pg = require('pg')`,
      'apps/cli/src/d.ts': `import '@mosaic/register/agents'`,
    },
    keeps: { 'apps/cli/src/a.ts': `import { Command } from 'commander'\nexport const late = () => import('./commands/fleet-ps.ts')` },
  },
  {
    rule: room('apps/mosaicd'),
    breaks: { 'apps/mosaicd/src/a.ts': `import '@mosaic/testkit/until'` },
    keeps: { 'apps/mosaicd/src/a.ts': `import '@mosaic/host/paths'\nimport '@mosaic/framework/roles'` },
  },
  {
    rule: everyProductFileHasARoom(ROOMS),
    breaks: { 'packages/newcomer/src/a.ts': '', 'apps/tui/src/main.ts': '' },
    keeps: { 'packages/host/src/a.ts': '', 'scripts/a.ts': '' },
  },
  {
    rule: importsOnlyIn({
      rule: 'only packages/host starts processes',
      why: 'what runs on this machine is started, bounded and ended in one place',
      module: 'node:child_process',
      where: (path) => path.startsWith('packages/host/') || isOutsideProduct(path),
    }),
    breaks: {
      'apps/cli/src/a.ts': `import { spawn } from 'node:child_process'`,
      'apps/mosaicd/src/a.ts': `export const late = () => import('child_process')`,
    },
    keeps: {
      'packages/host/src/a.ts': `import { spawn } from 'node:child_process'`,
      'apps/cli/src/a.test.ts': `import { spawn } from 'node:child_process'`,
      'bench/a.ts': `import { spawn } from 'node:child_process'`,
      'apps/cli/src/b.ts': `import type { ChildProcess } from 'node:child_process'`,
    },
  },
  {
    rule: startedOnlyBy({
      program: 'tmux',
      by: TMUX,
      why: 'socket, locale and exact targets are said once; a stray call reaches somebody else’s server',
    }),
    breaks: {
      'packages/host/src/a.ts': `run('tmux', ['ls'])`,
      'packages/host/src/b.ts': `child.execFileSync('/usr/bin/tmux', [])`,
      'packages/host/src/c.ts': `exec('tmux kill-server')`,
      'packages/host/src/tmux/e.ts': `this.#host.spawn('tmux', [])`,
      'packages/host/src/d.ts': `import { spawn } from 'node:child_process'\nconst program = 'tmux'\nspawn(program, [])`,
    },
    keeps: {
      [TMUX]: `import { spawn } from 'node:child_process'\nspawn('tmux', [])`,
      'packages/domain/src/roster.ts': `z.literal('tmux')`,
      'packages/host/src/tmux/b.ts': `import type { ChildProcess } from 'node:child_process'\nfailure('tmux')`,
      'packages/host/src/a.test.ts': `spawn('tmux', ['-L', 'mine'])`,
    },
  },
  {
    rule: onlyIn({
      rule: 'packages/domain knows no clock, chance or process',
      why: 'time, ids and randomness come in as arguments, so that the same input gives the same answer',
      names:
        /^(Math\.random|Date\.now|performance\.now|(new )?Date\(\)|crypto\.\w+|process\.\w+|(globalThis\.)?set(Timeout|Interval|Immediate)(\(\))?)$/,
      where: isOutsideDomain,
    }),
    breaks: {
      'packages/domain/src/a.ts': 'export const a = Math.random()',
      'packages/domain/src/b.ts': `export const a = Date['now']()`,
      'packages/domain/src/c.ts': 'export const a = new Date()',
      'packages/domain/src/d.ts': 'export const a = process.env.HOME',
      'packages/domain/src/e.ts': 'setTimeout(() => {}, 1)',
      'packages/domain/src/f.ts': 'export const now = Date.now',
    },
    keeps: {
      'packages/domain/src/a.ts': 'export const a = Date.parse("2026-01-01")\nexport const b = new Date(a)\n// Date.now()',
      'packages/domain/src/a.test.ts': 'export const a = Date.now()',
      'packages/host/src/a.ts': 'export const a = Date.now()',
    },
  },
  {
    rule: onlyIn({
      rule: 'only main modules end their process',
      why: 'an exit in the middle skips what others have to finish',
      names: /^process\.(exit|exitCode|abort|reallyExit)$/,
      where: (path) => isMain(path) || isOutsideProduct(path),
    }),
    breaks: {
      'packages/host/src/a.ts': 'process.exit(1)',
      'apps/cli/src/commands/a.ts': 'process.exitCode = 2',
      'apps/cli/src/b.ts': `process['exit']()`,
      'apps/cli/src/c.ts': `import { exit as done } from 'node:process'`,
    },
    keeps: {
      'apps/cli/src/main.ts': 'process.exitCode = 2',
      'packages/host/src/a.ts': `import { execve } from 'node:process'\nprocess.on('exit', () => {})`,
    },
  },
  {
    rule: noDefaultExports({ why: 'one thing has one name wherever it is used', except: [PI_EXTENSION] }),
    breaks: {
      'packages/host/src/a.ts': 'export default 1',
      'apps/cli/src/a.ts': 'const a = 1\nexport { a as default }',
    },
    keeps: { 'vitest.config.ts': 'export default {}', [PI_EXTENSION]: 'export default function extension() {}' },
  },
  {
    rule: namesThatSay('such a file collects whatever has no better place'),
    breaks: { 'packages/host/src/utils.ts': '', 'apps/cli/src/helpers/a.ts': '', 'packages/host/src/session-manager.test.ts': '' },
    keeps: { 'packages/host/src/tmux/tmux.ts': '', 'packages/host/src/content-types.ts': '' },
  },
  {
    rule: atMostLines(400, 'a file that is longer cannot be held in the head'),
    breaks: { 'packages/host/src/a.ts': '\n'.repeat(401), 'scripts/a.ts': 'a()\n'.repeat(401) },
    keeps: { 'packages/host/src/a.ts': 'a()\n'.repeat(400), 'packages/host/src/a.test.ts': 'a()\n'.repeat(401) },
  },
  {
    rule: functionsAtMost(50, 'a function that is longer does more than one thing'),
    breaks: {
      'packages/host/src/a.ts': `export function a() {\n${'b()\n'.repeat(49)}}`,
      'apps/cli/src/a.ts': `class A {\n  b() {\n${'c()\n'.repeat(49)}  }\n}`,
      'packages/domain/src/a.ts': `export const a = () => {\n${'b()\n'.repeat(49)}}`,
    },
    keeps: {
      'packages/host/src/a.ts': `export function a() {\n${'b()\n'.repeat(48)}}`,
      'packages/host/src/a.test.ts': `describe('a', () => {\n${'b()\n'.repeat(99)}})`,
      'packages/testkit/src/contracts/a.ts': `export function contract() {\n${'b()\n'.repeat(99)}}`,
    },
  },
  {
    rule: testsThatRun('a test that does not run, or runs against a stand-in made on the spot, proves nothing and looks as if it did'),
    breaks: {
      'packages/host/src/a.test.ts': `it.skip('x', () => {})`,
      'packages/host/src/b.test.ts': `describe.only('x', () => {})`,
      'packages/host/src/c.test.ts': `vi.mock('node:fs')`,
      'packages/host/src/d.test.ts': `it('x', (context) => context.skip())`,
      'e2e/a.test.ts': `it.runIf(process.env.CI)('x', () => {})`,
      'e2e/b.test.ts': `it.skip.each([1])('x', () => {})`,
    },
    keeps: { 'packages/host/src/a.test.ts': `it('x', (context) => context.skip('no user manager here'))\nit.each([1])('y', () => {})` },
  },
]

const sources = readSources(import.meta.dirname)
const planted = (files: Readonly<Record<string, string>>) => Object.entries(files).map(([path, text]) => factsOf(path, text))

describe('the house', () => {
  it('has a room for every package, and code to look at', () => {
    for (const { at, name } of ROOMS) {
      expect(JSON.parse(readFileSync(join(import.meta.dirname, at, 'package.json'), 'utf8')).name).toBe(name)
    }
    const packages = ['packages', 'apps'].flatMap((top) => readdirSync(join(import.meta.dirname, top)).map((each) => `${top}/${each}`))
    expect(packages.sort()).toEqual(ROOMS.map(({ at }) => at).sort())
    expect(sources.filter(({ path }) => isProduct(path)).length).toBeGreaterThan(50)
  })

  it.each(CHECKED)('keeps to it: $rule.rule', ({ rule }) => {
    expect(violationsOf(rule, sources)).toEqual([])
  })

  it.each(CHECKED)('notices who does not: $rule.rule', ({ rule, breaks }) => {
    const silent = planted(breaks).filter((file) => violationsOf(rule, [file]).length === 0)
    expect(silent.map(({ path }) => path)).toEqual([])
    expect(Object.keys(breaks)).not.toEqual([])
  })

  it.each(CHECKED)('leaves the innocent alone: $rule.rule', ({ rule, keeps }) => {
    expect(violationsOf(rule, planted(keeps))).toEqual([])
  })

  it('says where and why', () => {
    const [first] = violationsOf(room('packages/domain'), planted({ 'packages/domain/src/a.ts': `\nimport 'node:fs'` }))
    expect(first).toBe('packages/domain/src/a.ts:2: uses node:fs (what a fleet is holds on every machine and in a browser)')
  })
})
