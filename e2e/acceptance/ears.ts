/** What the models of one scene were given as the user's words: each message of the fleet by its id, over all conversations. */

import { messageIdOf } from '@mosaic/domain/message'
import type { FakeLlm } from '@mosaic/testkit/fake-llm/server'

interface Heard {
  /** Most often in one conversation. */
  times: number
  /** As the model got it last. */
  text: string
  /** The conversation that it was last seen in has gone on, and without it. */
  gone: boolean
  /** It was answered in one conversation, and came again in another. */
  again: boolean
  answered: () => boolean
}

export class Ears {
  readonly #llm: FakeLlm
  readonly #unwrap: (text: string) => string
  readonly #heard = new Map<string, Heard>()
  readonly #needles = new Set<string>()
  #seen = 0

  /** @param unwrap takes off what a runtime puts around a message that comes in the middle of a turn */
  constructor(llm: FakeLlm, unwrap: (text: string) => string) {
    this.#llm = llm
    this.#unwrap = unwrap
  }

  /** How often a message stands in a conversation; more than once when it came twice, in one or in two. */
  times(id: string): number {
    this.listen()
    const heard = this.#heard.get(id)
    return heard === undefined ? 0 : heard.times + (heard.again ? 1 : 0)
  }

  text(id: string): string | undefined {
    return this.#heard.get(id)?.text
  }

  /** Requests that held this text anywhere, from now on. */
  watch(needle: string): void {
    this.#needles.add(needle)
  }

  /** The watched texts that came. */
  readonly came = new Set<string>()

  /** Takes in what reached the model server since, and forgets the requests themselves: conversations are large. */
  listen(): void {
    const records = this.#llm.requests()
    for (const record of records.slice(this.#seen)) {
      if (record.kind !== 'model' || record.request === undefined) continue
      this.#take(record.userTexts, () => record.outcome === 'answered')
      if (this.#needles.size > 0) this.#look(JSON.stringify(record.body))
    }
    this.#seen = records.length
  }

  /** Lets go of the requests that were taken in. */
  forget(): void {
    this.listen()
    this.#llm.clearRequests()
    this.#seen = 0
  }

  #look(body: string): void {
    for (const needle of this.#needles) if (body.includes(needle)) this.came.add(needle)
  }

  #take(userTexts: readonly string[], answered: () => boolean): void {
    const found = new Map<string, string[]>()
    for (const text of userTexts.map(this.#unwrap)) {
      const id = messageIdOf(text)
      if (id !== undefined) found.set(id, [...(found.get(id) ?? []), text])
    }
    // A request of the runtime's own, for a title or the like.
    if (found.size === 0) return
    for (const [id, texts] of found) {
      const before = this.#heard.get(id)
      const again = before?.again === true || (before?.gone === true && before.answered())
      const times = Math.max(before?.times ?? 0, texts.length)
      this.#heard.set(id, {
        times,
        again,
        text: texts.at(-1) ?? '',
        gone: false,
        answered: before?.gone === false ? before.answered : answered,
      })
    }
    for (const [id, heard] of this.#heard) if (!found.has(id)) heard.gone = true
  }
}
