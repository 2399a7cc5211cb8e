/** What a source file says, read from its syntax tree: for the checks of the house and the report of sizes. */

import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { type ESTree, parseSync, Visitor } from 'rolldown/utils'

export interface Import {
  /** `undefined`: computed at run time. */
  specifier: string | undefined
  /** The names as the other module has them; none for a whole module. */
  names: readonly string[]
  /** Leaves nothing behind in the running program. */
  typeOnly: boolean
  line: number
}

export interface Call {
  /** Dotted, e.g. `process.exit`; a construction has `new ` before it. */
  callee: string
  arguments: number
  /** The first argument when it is a literal text. */
  first: string | undefined
  line: number
}

export interface Named {
  name: string
  line: number
}

export interface SourceFacts {
  /** From the root, with `/`. */
  path: string
  lines: number
  imports: readonly Import[]
  calls: readonly Call[]
  /** Dotted members that are read or written, e.g. `process.exitCode`. */
  members: readonly Named[]
  /** Literal texts. */
  texts: readonly Named[]
  defaultExports: readonly number[]
  functions: readonly { name: string; line: number; lines: number }[]
}

type Node = ESTree.Node

/** `a.b.c` of nested members; `undefined` for anything computed. */
function dotted(node: Node): string | undefined {
  if (node.type === 'Identifier') return node.name
  if (node.type === 'ThisExpression') return 'this'
  if (node.type === 'ChainExpression' || node.type === 'ParenthesizedExpression') return dotted(node.expression)
  if (node.type !== 'MemberExpression') return undefined
  const object = dotted(node.object)
  if (object === undefined) return undefined
  if (!node.computed) return `${object}.${node.property.name}`
  const key = textOf(node.property)
  return key === undefined ? undefined : `${object}.${key}`
}

function textOf(node: Node | undefined): string | undefined {
  if (node?.type === 'Literal' && typeof node.value === 'string') return node.value
  if (node?.type === 'TemplateLiteral' && node.expressions.length === 0) return node.quasis[0]?.value.cooked ?? undefined
  return undefined
}

type LineOf = (offset: number) => number

/** Imports, re-exports, late imports, types by path, `require`. */
function importsOf(program: ESTree.Program, lineOf: LineOf): Import[] {
  const imports: Import[] = []
  const take = (node: Node, specifier: string | undefined, names: readonly string[], typeOnly: boolean) =>
    imports.push({ specifier, names, typeOnly, line: lineOf(node.start) })
  new Visitor({
    ImportDeclaration: (node) => {
      const names = node.specifiers.flatMap((each) => (each.type === 'ImportSpecifier' ? [nameOf(each.imported)] : []))
      take(node, node.source.value, names, node.importKind === 'type')
    },
    ExportNamedDeclaration: (node) => {
      const names = node.specifiers.map((each) => nameOf(each.local))
      if (node.source !== null) take(node, node.source.value, names, node.exportKind === 'type')
    },
    ExportAllDeclaration: (node) => {
      take(node, node.source.value, [], node.exportKind === 'type')
    },
    ImportExpression: (node) => {
      take(node, textOf(node.source), [], false)
    },
    TSImportType: (node) => {
      take(node, node.source.value, [], true)
    },
    CallExpression: (node) => {
      if (/^require(\.resolve)?$/.test(dotted(node.callee) ?? '')) take(node, textOf(node.arguments[0]), [], false)
    },
  }).visit(program)
  return imports
}

function usesOf(program: ESTree.Program, lineOf: LineOf): Pick<SourceFacts, 'calls' | 'members' | 'texts'> {
  const calls: Call[] = []
  const members: Named[] = []
  const texts: Named[] = []
  const takeCall = (node: ESTree.CallExpression | ESTree.NewExpression, prefix: string) => {
    const callee = dotted(node.callee)
    if (callee === undefined) return
    const [first] = node.arguments
    calls.push({ callee: prefix + callee, arguments: node.arguments.length, first: textOf(first), line: lineOf(node.start) })
  }
  const takeText = (node: Node) => {
    const name = textOf(node)
    if (name !== undefined) texts.push({ name, line: lineOf(node.start) })
  }
  new Visitor({
    CallExpression: (node) => takeCall(node, ''),
    NewExpression: (node) => takeCall(node, 'new '),
    MemberExpression: (node) => {
      const name = dotted(node)
      if (name !== undefined) members.push({ name, line: lineOf(node.start) })
    },
    Literal: takeText,
    TemplateLiteral: takeText,
  }).visit(program)
  return { calls, members, texts }
}

function definitionsOf(program: ESTree.Program, lineOf: LineOf): Pick<SourceFacts, 'defaultExports' | 'functions'> {
  const defaultExports: number[] = []
  const functions: SourceFacts['functions'][number][] = []
  const takeFunction = (node: ESTree.Function | ESTree.ArrowFunctionExpression) => {
    const line = lineOf(node.start)
    if (node.body !== null) functions.push({ name: node.id?.name ?? '', line, lines: lineOf(node.end) - line + 1 })
  }
  new Visitor({
    ExportNamedDeclaration: (node) => {
      defaultExports.push(...node.specifiers.filter((each) => nameOf(each.exported) === 'default').map((each) => lineOf(each.start)))
    },
    ExportDefaultDeclaration: (node) => {
      defaultExports.push(lineOf(node.start))
    },
    FunctionDeclaration: takeFunction,
    FunctionExpression: takeFunction,
    ArrowFunctionExpression: takeFunction,
  }).visit(program)
  return { defaultExports, functions }
}

/** The facts of one file. @throws Error when it does not parse */
export function factsOf(path: string, text: string): SourceFacts {
  const { program, errors } = parseSync(path, text, { lang: 'ts', sourceType: 'module' })
  if (errors.length > 0) throw new Error(`${path} does not parse: ${errors[0]?.message}`)
  const lineOf = lineFinder(text)
  return {
    path,
    lines: lineCount(text),
    imports: importsOf(program, lineOf),
    ...usesOf(program, lineOf),
    ...definitionsOf(program, lineOf),
  }
}

const nameOf = (node: ESTree.ModuleExportName): string => (node.type === 'Literal' ? node.value : node.name)

const lineCount = (text: string): number => text.split('\n').length - (text.endsWith('\n') ? 1 : 0)

/** From an offset to its line, counted from 1. */
function lineFinder(text: string): LineOf {
  const starts = [0]
  for (let at = text.indexOf('\n'); at !== -1; at = text.indexOf('\n', at + 1)) starts.push(at + 1)
  return (offset) => {
    let low = 0
    let high = starts.length
    while (high - low > 1) {
      const middle = (low + high) >> 1
      if ((starts[middle] ?? 0) <= offset) low = middle
      else high = middle
    }
    return low + 1
  }
}

const SKIPPED = new Set(['node_modules', 'dist', 'coverage'])

/** Every TypeScript file below `root`, as paths from it with `/`, sorted. */
function sourcePaths(root: string, below = ''): string[] {
  return readdirSync(join(root, below), { withFileTypes: true })
    .flatMap((entry) => {
      const path = below === '' ? entry.name : `${below}/${entry.name}`
      if (entry.isDirectory()) return SKIPPED.has(entry.name) || entry.name.startsWith('.') ? [] : sourcePaths(root, path)
      return entry.isFile() && path.endsWith('.ts') ? [path] : []
    })
    .sort()
}

/** The facts of every TypeScript file below `root`. */
export const readSources = (root: string): SourceFacts[] =>
  sourcePaths(root).map((path) => factsOf(path, readFileSync(join(root, path), 'utf8')))

export const isTest = (path: string): boolean => path.endsWith('.test.ts')
