/**
 * A roster's text under change. Each operation replaces the characters it must and no other, so the operator's comments,
 * order, quoting, spelling and blank lines stay. What the text should then say is kept beside it and compared at the end.
 */

import { isDeepStrictEqual } from 'node:util'
import { FleetError } from '@mosaic/domain/error'
import { type AgentEntry, type Roster, snakeKeys } from '@mosaic/domain/roster'
import { isMap, isSeq, type Pair, type YAMLMap, type YAMLSeq } from 'yaml'
import { addPair, appendAgent, isJson, removeAgentAt, removePair, setPair, styleOf } from './agent-splice.ts'
import { type RosterRule, readRosterText, rosterError } from './read-roster.ts'
import { applySplices, type Splice } from './splice.ts'
import { pairOf, treeValue } from './tree-value.ts'
import { readYamlTree, type YamlTree } from './yaml-tree.ts'

/** Changed keys of an agent; `null` removes one. */
export type AgentChanges = { [Key in keyof AgentEntry]?: AgentEntry[Key] | null | undefined }

type Plain = Record<string, unknown>

/** A copy without prototypes, `undefined` keys and whatever else JSON does not carry. */
const plain = (value: unknown): Plain => JSON.parse(JSON.stringify(value)) as Plain

/** What a text says, keys in snake_case; nothing when it is no YAML. */
function said(text: string): Plain {
  const reading = readYamlTree(text)
  return reading.ok ? plain(snakeKeys(treeValue(reading.tree).value)) : {}
}

export class RosterDocument {
  readonly #file: string
  readonly #rest: Plain
  #text: string
  #agents: Plain[]

  /** @throws FleetError `invalid` when the text is no good roster: only a good one is changed */
  constructor(text: string, file: string) {
    const reading = readRosterText(text, file)
    if (!reading.ok) throw rosterError(reading.faults)
    const { agents, ...rest } = said(text)
    this.#file = file
    this.#text = text
    this.#agents = agents as Plain[]
    this.#rest = rest
  }

  get text(): string {
    return this.#text
  }

  /** Adds an agent behind the last one. @throws FleetError `refused` when its name is taken */
  addAgent(entry: AgentEntry): void {
    if (this.#agents.some((agent) => agent['name'] === entry.name)) {
      throw new FleetError('refused', `the roster has an agent ${JSON.stringify(entry.name)} already`, {
        where: this.#file,
        mend: `choose another name, or: mosaic fleet edit ${entry.name}`,
      })
    }
    const added = plain(entry)
    this.#splice((tree) => appendAgent(this.#text, tree.root, this.#agentsPair(tree), added))
    this.#agents = [...this.#agents, added]
  }

  /** Changes keys of an agent. @throws FleetError `not_found` */
  editAgent(name: string, changes: AgentChanges): void {
    const index = this.#indexOf(name)
    for (const [key, value] of Object.entries(changes)) {
      const agent = this.#agents[index] ?? {}
      if (value === undefined || isDeepStrictEqual(agent[key] ?? null, value)) continue
      this.#splice((tree) => this.#changeKey(tree, index, key, value))
      const { [key]: _, ...others } = agent
      this.#agents = this.#agents.with(index, value === null ? others : { ...others, [key]: value })
    }
  }

  /** Removes an agent with its lines; comments around it stay. @throws FleetError `not_found` */
  removeAgent(name: string): void {
    const index = this.#indexOf(name)
    this.#splice((tree) => removeAgentAt(this.#text, this.#agentsPair(tree), index))
    this.#agents = this.#agents.toSpliced(index, 1)
  }

  /**
   * The roster that the text holds now.
   * @throws FleetError `invalid` when it is faulty, `not_done` when the layout did not allow the change
   */
  finish(rule?: RosterRule): Roster {
    if (!isDeepStrictEqual(said(this.#text), { ...this.#rest, agents: this.#agents })) throw this.#unsuited()
    const reading = readRosterText(this.#text, this.#file, rule)
    if (!reading.ok) throw rosterError(reading.faults)
    return reading.roster
  }

  #changeKey(tree: YamlTree, index: number, key: string, value: unknown): Splice[] | undefined {
    const map: unknown = (this.#agentsPair(tree).value as YAMLSeq.Parsed).items[index]
    // An alias stands for an entry that another agent shares.
    if (!isMap(map)) return undefined
    const entry = map as YAMLMap.Parsed
    const style = { ...styleOf(tree.root), json: isJson(entry) }
    if (value === null) return removePair(this.#text, entry, key)
    const change = pairOf(entry, key) === undefined ? addPair : setPair
    return change(this.#text, entry, key, value, style)
  }

  #agentsPair(tree: YamlTree): Pair {
    const pair = pairOf(tree.root, 'agents')
    if (pair === undefined || !isSeq(pair.value)) throw this.#unsuited()
    return pair
  }

  #indexOf(name: string): number {
    const index = this.#agents.findIndex((agent) => agent['name'] === name)
    if (index === -1)
      throw new FleetError('not_found', `the roster has no agent ${JSON.stringify(name)}`, {
        where: this.#file,
        mend: 'mosaic agent roster',
      })
    return index
  }

  #splice(make: (tree: YamlTree) => Splice[] | undefined): void {
    const reading = readYamlTree(this.#text)
    const splices = reading.ok ? make(reading.tree) : undefined
    if (splices === undefined) throw this.#unsuited()
    this.#text = applySplices(this.#text, splices)
  }

  #unsuited(): FleetError {
    return new FleetError('not_done', `the layout of ${this.#file} does not allow this change to be made for you`, {
      where: this.#file,
      mend: 'make the change in an editor',
    })
  }
}
