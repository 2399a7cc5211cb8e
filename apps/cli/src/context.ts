/** What a verb works with: paths, the way to answer, and the host service, reached only when asked for. */

import { join } from 'node:path'
import { displaySafe } from '@mosaic/domain/display'
import { callerSession } from '@mosaic/host/audit/actor'
import { type MosaicPaths, resolvePaths } from '@mosaic/host/paths'
import type { ServiceClient } from '@mosaic/host/service/client'
import { otherRoster, otherRosterOf } from './fleet/same-roster.ts'
import { commandCompleter } from './output/complete-commands.ts'
import { jsonDocument, jsonLine } from './output/json.ts'
import { Progress } from './output/progress.ts'
import { makeStyle, type Style, wantsColour } from './output/style.ts'
import type { World } from './world.ts'

/** Options that every verb takes. */
export interface SharedOptions {
  json?: boolean
  mosaicHome?: string
  roster?: string
}

export class Context implements AsyncDisposable {
  readonly world: World
  readonly paths: MosaicPaths
  readonly json: boolean
  readonly style: Style
  readonly progress: Progress
  /** Completes the commands in a text by the options that were given, so that they work as they are printed. */
  readonly complete: (text: string) => string
  /** `--roster` was given. */
  readonly namesRoster: boolean
  readonly #changes: boolean
  /** As given with `--mosaic-home`, absolute. */
  readonly #home: string | undefined
  #warned = false
  #answered = false
  #client: Promise<ServiceClient | undefined> | undefined
  #background: string | undefined
  #endsItself = false
  #over = false

  /** @param changes the verb changes the fleet, and so refuses one that goes by another roster */
  constructor(world: World, shared: SharedOptions, changes = false) {
    this.world = world
    this.#changes = changes
    this.json = shared.json === true
    this.paths = resolvePaths({ env: world.env, home: shared.mosaicHome, roster: shared.roster })
    this.namesRoster = shared.roster !== undefined
    this.#home = shared.mosaicHome === undefined ? undefined : this.paths.home
    this.complete = commandCompleter({ home: this.#home, roster: shared.roster === undefined ? undefined : this.paths.roster })
    this.style = makeStyle(wantsColour(world.stdout.isTTY === true, world.env))
    this.progress = new Progress(world.stderr, { style: makeStyle(wantsColour(world.stderr.isTTY === true, world.env)) })
  }

  /** Columns of the terminal; `undefined` when the answer goes elsewhere and nothing is to be cut. */
  get width(): number | undefined {
    return this.world.stdout.isTTY === true ? Math.max(20, this.world.stdout.columns ?? 80) : undefined
  }

  get logFile(): string {
    return join(this.paths.log, 'cli.log')
  }

  get answered(): boolean {
    return this.#answered
  }

  /** What goes on without this process, for the one who interrupts it. */
  get background(): string | undefined {
    return this.#background
  }

  /** True when the verb heeds `world.ending` by itself and then ends as it should. */
  get endsItself(): boolean {
    return this.#endsItself
  }

  /**
   * The answer of the verb: one JSON document, or text. Once.
   * @param options.verbatim the text is no words to the operator, but what they asked for: a script, a file
   */
  answer(document: unknown, text: string, { verbatim = false } = {}): void {
    if (this.#over) return
    this.progress.end()
    this.#answered = true
    this.world.stdout.write(this.json ? jsonDocument(document) : verbatim ? text : this.complete(text))
  }

  /** One answer of many: a line of JSON, or text. */
  emit(document: unknown, text: string): void {
    if (this.#over) return
    this.#answered = true
    this.world.stdout.write(this.json ? jsonLine(document) : this.complete(text))
  }

  /** Something worth knowing that is not the answer. */
  note(text: string): void {
    if (this.#over) return
    this.progress.end()
    this.world.stderr.write(`${this.complete(text)}\n`)
  }

  /** The run is told of in another way: what the verb still says is not shown. */
  abandon(): void {
    this.#over = true
    this.progress.end()
  }

  /** From now on an interrupted run ends with these words. */
  goesOnInBackground(words: string): void {
    this.#background = words
  }

  /** From now on the verb watches `world.ending` itself. */
  takeOverEnding(): AbortSignal {
    this.#endsItself = true
    return this.world.ending
  }

  /** The running host service, or `undefined`. @throws FleetError `refused` for a change while it goes by another roster */
  async service(): Promise<ServiceClient | undefined> {
    this.#client ??= import('@mosaic/host/service/client').then(async ({ connectService }) =>
      this.#speaking(await this.#agreed(await connectService(this.paths))),
    )
    return this.#client
  }

  async #agreed(client: ServiceClient | undefined): Promise<ServiceClient | undefined> {
    const other = client === undefined ? undefined : await otherRosterOf(client, this.paths)
    if (client === undefined || other === undefined) return client
    const error = otherRoster(other, this.paths, this.#home)
    if (this.#changes) {
      await client[Symbol.asyncDispose]()
      throw error
    }
    if (!this.#warned) this.note(displaySafe(`Note: ${error.message}, not by ${this.paths.roster}`))
    this.#warned = true
    return client
  }

  /** The host service, started when it does not run. @param why what for, where that is not plain */
  async ensureService(why?: string): Promise<ServiceClient> {
    const running = await this.service()
    if (running !== undefined) return running
    const { ensureService } = await import('@mosaic/host/service/start')
    const onProgress = (text: string) => this.progress.say(...(why === undefined ? [text] : [why, text]))
    onProgress('starting the host service')
    const onNote = (text: string) => this.note(displaySafe(text))
    const client = await ensureService(this.paths, { env: this.world.env, onProgress, onNote })
    this.#client = Promise.resolve(this.#speaking(client))
    return client
  }

  /** Whoever runs this command is the one who asks. */
  #speaking<T extends ServiceClient | undefined>(client: T): T {
    if (client !== undefined) client.caller = callerSession(this.world.env)
    return client
  }

  /** Forgets the connection, after the service was told to end. */
  async disconnect(): Promise<void> {
    const client = await this.#client?.catch(() => undefined)
    this.#client = undefined
    await client?.[Symbol.asyncDispose]()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.abandon()
    await this.disconnect()
  }
}
