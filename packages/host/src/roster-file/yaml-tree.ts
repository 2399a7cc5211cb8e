/** YAML text as a tree of positioned nodes, within bounds that no input can exceed. */

import {
  type Alias,
  Composer,
  type CST,
  type Document,
  isAlias,
  isMap,
  isPair,
  isSeq,
  Lexer,
  type ParsedNode,
  Parser,
  type YAMLError,
} from 'yaml'
import { MAX_ROSTER_ALIASES, MAX_ROSTER_DEPTH, MAX_ROSTER_FAULTS, MAX_ROSTER_TOKENS } from './limits.ts'
import type { OffsetFault } from './roster-fault.ts'

export interface YamlTree {
  /** `undefined` when the text holds no value at all. */
  root: ParsedNode | undefined
  /** What each alias stands for. */
  aliases: ReadonlyMap<Alias, ParsedNode>
}

export type YamlReading = { ok: true; tree: YamlTree } | { ok: false; faults: OffsetFault[] }

const whole = (offset: number, expected: string, mend?: string): OffsetFault => ({
  offset,
  path: [],
  expected,
  ...(mend === undefined ? {} : { mend }),
})

/** Faults by the library's code that can be said in the operator's words. */
const IN_WORDS: Readonly<Record<string, { expected: string; mend?: string }>> = {
  TAB_AS_INDENT: { expected: 'spaces for indentation, not a tab', mend: 'replace the tab by spaces' },
  BAD_INDENT: { expected: 'the same indentation as the lines around it' },
  BLOCK_AS_IMPLICIT_KEY: { expected: 'one "key: value" per line', mend: 'put a value that holds ": " in quotes' },
  MULTILINE_IMPLICIT_KEY: { expected: 'a key on one line', mend: 'add ": " after the key, or check the indentation' },
  NON_STRING_KEY: { expected: 'a key that is text' },
  RESOURCE_EXHAUSTION: { expected: 'less nesting' },
  TAG_RESOLVE_FAILED: { expected: 'a value without a "!" tag', mend: 'remove the tag, or put the text in quotes' },
  BAD_COLLECTION_TYPE: { expected: 'a value without a "!" tag', mend: 'remove the tag' },
  BAD_ALIAS: { expected: 'an alias or anchor with a name', mend: 'put text that starts with "*" or "&" in quotes' },
}

function inWords(error: YAMLError): OffsetFault {
  const known = IN_WORDS[error.code]
  if (known !== undefined) return { offset: error.pos[0], path: [], ...known }
  const text = error.message.split('\n')[0] ?? ''
  return whole(error.pos[0], `valid YAML: ${text.slice(0, 1).toLowerCase()}${text.slice(1, 200)}`)
}

/** The concrete syntax, or the fault at which reading stopped. */
function tokensOf(text: string): CST.Token[] | OffsetFault {
  const parser = new Parser()
  const tokens: CST.Token[] = []
  let lexemes = 0
  let aliases = 0
  for (const lexeme of new Lexer().lex(text)) {
    lexemes += 1
    if (lexeme.startsWith('*')) aliases += 1
    if (lexemes > MAX_ROSTER_TOKENS) return whole(parser.offset, 'a smaller file', 'split the fleet over several hosts or tenants')
    if (aliases > MAX_ROSTER_ALIASES) return whole(parser.offset, `at most ${MAX_ROSTER_ALIASES} aliases`)
    // The stack holds one open token per collection, and one for the document.
    if (parser.stack.length > MAX_ROSTER_DEPTH + 1) return whole(parser.offset, `at most ${MAX_ROSTER_DEPTH} levels of nesting`)
    for (const token of parser.next(lexeme)) {
      if (token.type === 'directive' && !/^%YAML\s+1\.2\s*$/.test(token.source)) {
        return whole(token.offset, 'no directive but %YAML 1.2', 'remove the line that starts with "%"')
      }
      tokens.push(token)
    }
  }
  tokens.push(...parser.end())
  return tokens
}

/** Composes without stack traces: a broken file has an error per byte, and each trace costs more than the byte. */
function compose(tokens: CST.Token[], length: number): Document.Parsed[] {
  const traced = Error.stackTraceLimit
  Error.stackTraceLimit = 0
  try {
    // Keys are compared by whoever reads the tree: here each would be compared with every other.
    const composer = new Composer({
      uniqueKeys: false,
      stringKeys: true,
      resolveKnownTags: false,
      logLevel: 'silent',
      keepSourceTokens: true,
    })
    return [...composer.compose(tokens, true, length)] as Document.Parsed[]
  } finally {
    Error.stackTraceLimit = traced
  }
}

/** What each alias stands for, by the rule of YAML: the newest anchor of that name above it. */
function resolveAliases(root: ParsedNode | null, faults: OffsetFault[]): Map<Alias, ParsedNode> {
  const anchors = new Map<string, ParsedNode>()
  const aliases = new Map<Alias, ParsedNode>()
  const walk = (node: unknown): void => {
    if (isPair(node)) {
      walk(node.key)
      walk(node.value)
    } else if (isAlias(node)) {
      const target = anchors.get(node.source)
      if (target !== undefined) aliases.set(node, target)
      else faults.push({ ...whole(node.range?.[0] ?? 0, 'an alias of an anchor above it'), found: `*${node.source.slice(0, 60)}` })
    } else if (node !== null && typeof node === 'object') {
      const parsed = node as ParsedNode
      if (!isAlias(parsed) && parsed.anchor !== undefined) anchors.set(parsed.anchor, parsed)
      if (isMap(node) || isSeq(node)) node.items.forEach(walk)
    }
  }
  walk(root)
  return aliases
}

/** The one document in `text`. Never throws, whatever the text is. */
export function readYamlTree(text: string): YamlReading {
  try {
    const tokens = tokensOf(text)
    if (!Array.isArray(tokens)) return { ok: false, faults: [tokens] }
    const [document, second] = compose(tokens, text.length)
    const faults = [...(document?.errors ?? []), ...(document?.warnings ?? [])].slice(0, MAX_ROSTER_FAULTS).map(inWords)
    if (second !== undefined) faults.push(whole(second.range[0], 'one document', 'remove the "---" line and what follows it'))
    const root = document?.contents ?? undefined
    const aliases = resolveAliases(root ?? null, faults)
    return faults.length === 0 ? { ok: true, tree: { root, aliases } } : { ok: false, faults }
  } catch (error) {
    return { ok: false, faults: [whole(0, `valid YAML: ${String((error as Error).message).slice(0, 120)}`)] }
  }
}
