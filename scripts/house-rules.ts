/** The machinery behind `boundaries.test.ts`: who may import whom, and what only some files may do. */

import { isBuiltin } from 'node:module'
import { posix } from 'node:path'
import { type Call, type Import, isTest, type SourceFacts } from './source-facts.ts'

/** A directory with one owner of its imports. */
export interface Room {
  /** From the root. */
  at: string
  /** Its name in the workspace. */
  name: string
  /** Packages of this workspace that it may import. */
  imports: readonly string[]
  /** Packages from the registry. */
  libraries: readonly string[]
  /** Registry packages of which it may use types alone. */
  typesOf?: readonly string[]
  /** May it use Node's own modules? */
  node: boolean
  why: string
}

export interface Violation {
  line: number
  what: string
}

export interface Rule {
  rule: string
  why: string
  broken: (file: SourceFacts) => Violation[]
}

/** What a test may import on top of its room. */
const TEST_LIBRARIES = ['vitest', 'fast-check']
const TESTKIT = '@mosaic/testkit'

/** `@scope/name/sub` -> `@scope/name`. */
const packageOf = (specifier: string): string =>
  specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/')

const inside = (room: Room, path: string): boolean => path.startsWith(`${room.at}/`)

/** Why `room` may not import this, or `undefined`. */
function refusal(room: Room, file: SourceFacts, imported: Import): string | undefined {
  const { specifier } = imported
  const test = isTest(file.path)
  if (specifier === undefined) return test ? undefined : 'imports something that is only known at run time'
  if (specifier.startsWith('.')) {
    const target = posix.join(posix.dirname(file.path), specifier)
    if (!inside(room, target)) return `reaches out of ${room.at} by a path: ${specifier}`
    return !test && isTest(target) ? `imports a test: ${specifier}` : undefined
  }
  if (isBuiltin(specifier)) return room.node || test ? undefined : `uses ${specifier}`
  const wanted = packageOf(specifier)
  if (wanted === room.name || room.imports.includes(wanted) || room.libraries.includes(wanted)) return undefined
  if (test && (wanted === TESTKIT || TEST_LIBRARIES.includes(wanted))) return undefined
  if (imported.typeOnly && room.typesOf?.includes(wanted)) return undefined
  return `imports ${specifier}`
}

/** One rule per room. */
export const roomRule = (room: Room): Rule => ({
  rule: `${room.at} imports ${[...room.imports, ...room.libraries].join(', ') || 'nothing'}${room.node ? ' and Node' : ''}`,
  why: room.why,
  broken: (file) => {
    if (!inside(room, file.path)) return []
    return file.imports.flatMap((imported) => {
      const what = refusal(room, file, imported)
      return what === undefined ? [] : [{ line: imported.line, what }]
    })
  },
})

/** Code that ends up in a product: no tests, nothing that serves building or measuring. */
export const isProduct = (path: string): boolean =>
  /^(packages|apps)\//.test(path) && !path.startsWith('packages/testkit/') && !isTest(path)

export const everyProductFileHasARoom = (rooms: readonly Room[]): Rule => ({
  rule: 'every directory of packages/ and apps/ stands in the table',
  why: 'a package that nobody placed may import anything',
  broken: (file) =>
    /^(packages|apps)\//.test(file.path) && !rooms.some((room) => inside(room, file.path)) ? [{ line: 1, what: 'is in no room' }] : [],
})

/** Dotted names of what a file touches: members, calls (`Date()` when nothing is handed over), names taken from `node:process`. */
const touched = (file: SourceFacts): { name: string; line: number }[] => [
  ...file.members,
  ...file.calls.map(({ callee, line, arguments: count }) => ({ name: count === 0 ? `${callee}()` : callee, line })),
  ...file.imports.flatMap(({ specifier, names, line }) =>
    specifier === 'node:process' || specifier === 'process' ? names.map((name) => ({ name: `process.${name}`, line })) : [],
  ),
]

/** What only some files may touch. */
export function onlyIn(options: { rule: string; why: string; names: RegExp; where: (path: string) => boolean }): Rule {
  return {
    rule: options.rule,
    why: options.why,
    broken: (file) => {
      if (options.where(file.path)) return []
      const found = new Map<string, Violation>()
      for (const { name, line } of touched(file)) {
        if (options.names.test(name)) found.set(`${name}:${line}`, { line, what: `uses ${name}` })
      }
      return [...found.values()]
    },
  }
}

export const importsOnlyIn = (options: { rule: string; why: string; module: string; where: (path: string) => boolean }): Rule => ({
  rule: options.rule,
  why: options.why,
  broken: (file) =>
    options.where(file.path)
      ? []
      : file.imports
          .filter(({ specifier, typeOnly }) => !typeOnly && [options.module, options.module.replace('node:', '')].includes(specifier ?? ''))
          .map(({ line, specifier }) => ({ line, what: `imports ${specifier}` })),
})

const STARTS_A_PROGRAM = /(^|\.)(spawn|exec|execFile|fork|run)(Sync|Async)?$/

/** True for `spawn('tmux', ...)`, `execFile('/usr/bin/tmux', ...)`, `exec('tmux ls')`. */
const starts = (program: string, call: Call): boolean =>
  STARTS_A_PROGRAM.test(call.callee) && call.first !== undefined && new RegExp(`(^|/)${program}( |$)`).test(call.first)

/** A program that one file alone may start. */
export function startedOnlyBy(options: { program: string; by: string; why: string }): Rule {
  const { program, by, why } = options
  const names = new RegExp(`(^|/)${program}$`)
  return {
    rule: `only ${by} starts ${program}`,
    why,
    broken: (file) => {
      if (file.path === by || !isProduct(file.path)) return []
      const called = file.calls.filter((call) => starts(program, call)).map(({ line }) => ({ line, what: `starts ${program}` }))
      if (!file.imports.some(({ specifier, typeOnly }) => specifier === 'node:child_process' && !typeOnly)) return called
      // The name in a constant of a file that can start programs.
      const named = file.texts.filter(({ name }) => names.test(name)).map(({ line }) => ({ line, what: `names ${program} as a program` }))
      return [...called, ...named]
    },
  }
}

export const noDefaultExports = (options: { why: string; except: readonly string[] }): Rule => ({
  rule: 'packages/ and apps/ export by name',
  why: options.why,
  broken: (file) =>
    /^(packages|apps)\//.test(file.path) && !options.except.includes(file.path)
      ? file.defaultExports.map((line) => ({ line, what: 'has a default export' }))
      : [],
})

const EMPTY_NAME = /^(utils?|helpers?|types?|common|misc|manager)$/
const EMPTY_SUFFIX = /-(utils?|helpers?|manager)$/

export const namesThatSay = (why: string): Rule => ({
  rule: 'no file or directory is named utils, helpers, types, common or manager',
  why,
  broken: (file) => {
    const empty = file.path
      .split('/')
      .map((part) => part.replace(/(\.\w+)*\.ts$/, ''))
      .find((part) => EMPTY_NAME.test(part) || EMPTY_SUFFIX.test(part))
    return empty === undefined ? [] : [{ line: 1, what: `is named ${empty}` }]
  },
})

export const atMostLines = (limit: number, why: string): Rule => ({
  rule: `a source file has at most ${limit} lines`,
  why,
  broken: (file) => (isTest(file.path) || file.lines <= limit ? [] : [{ line: file.lines, what: `has ${file.lines} lines` }]),
})

export const functionsAtMost = (limit: number, why: string): Rule => ({
  rule: `a function of the product has at most ${limit} lines`,
  why,
  broken: (file) =>
    isProduct(file.path)
      ? file.functions
          .filter(({ lines }) => lines > limit)
          .map(({ name, line, lines }) => ({ line, what: `${name === '' ? 'a function' : name} has ${lines} lines` }))
      : [],
})

const SWITCHED_OFF = /^(it|test|describe|suite)\.(\w+\.)*(skip|only|todo|fails|skipIf|runIf)(\.|$)/

export const testsThatRun = (why: string): Rule => ({
  rule: 'no test is switched off, singled out or mocked',
  why,
  broken: (file) =>
    file.calls.flatMap(({ callee, line, arguments: count }) => {
      if (SWITCHED_OFF.test(callee) || /^vi\.(mock|doMock|hoisted)$/.test(callee)) return [{ line, what: `uses ${callee}` }]
      if (isTest(file.path) && /(^|\.)skip$/.test(callee) && count === 0) return [{ line, what: 'skips without a reason' }]
      return []
    }),
})

/** `path:line: what`, for every place where `file` breaks `rule`. */
export const violationsOf = (rule: Rule, files: readonly SourceFacts[]): string[] =>
  files.flatMap((file) => rule.broken(file).map(({ line, what }) => `${file.path}:${line}: ${what} (${rule.why})`))
