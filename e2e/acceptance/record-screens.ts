/**
 * Records the screens of a real runtime, state by state, to packages/testkit/src/screens/RUNTIME/VERSION/STATE.txt.
 *
 *   node e2e/acceptance/record-screens.ts --runtime claude|codex|opencode|pi
 *
 * What is of this machine or of chance in them is replaced by as many characters. Exit status: 0, or 1 when a state was not seen.
 */

import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { until } from '@mosaic/testkit/until'
import { buildAll } from '../../scripts/build.ts'
import { installedVersion, RUNTIMES, runtimeUnderTest } from './runtimes.ts'
import { AGENT, Scene } from './scene.ts'
import { type State, stateUnderTest } from './states.ts'

const ROOT = join(import.meta.dirname, '..', '..')
const DRAFT = 'half a thought'
/** Enough for each runtime to say why it fails. */
const FAILURES = 6
const WITHIN = { withinMs: 120_000, everyMs: 20 }

// A fleet of the operator's, or the terminal that this runs in, must not reach into it.
for (const name of Object.keys(process.env)) if (name.startsWith('MOSAIC_') || name.startsWith('TMUX')) delete process.env[name]

const say = (text: string): void => {
  process.stderr.write(`${text}\n`)
}

const { values } = parseArgs({ options: { runtime: { type: 'string' } } })
const runtime = RUNTIMES.find((id) => id === values.runtime)
if (runtime === undefined) {
  say(`--runtime is one of ${RUNTIMES.join(', ')}`)
  process.exit(2)
}
const under = runtimeUnderTest[runtime]

/** The same number of characters, so that nothing moves. */
const same = (mark: string) => (text: string) => mark.repeat(text.length)

function withoutMachine(screen: string, root: string): string {
  const directory = root.slice(root.lastIndexOf('/') + 1)
  return screen
    .replaceAll(directory, same('x')(directory))
    .replace(/[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}/g, same('0'))
    .replace(/(?<=#)[0-9a-hjkmnp-tv-z]{26}/g, same('0'))
    .replace(/(?<=127\.0\.0\.1:)\d+/g, same('0'))
    .split('\n')
    .map((line) => line.trimEnd())
    .join('\n')
    .trimEnd()
}

class Recorder {
  readonly #scene: Scene
  readonly #directory: string
  missed = 0

  constructor(scene: Scene, version: string) {
    this.#scene = scene
    this.#directory = join(ROOT, 'packages', 'testkit', 'src', 'screens', scene.runtime.id, version)
    mkdirSync(this.#directory, { recursive: true })
  }

  /**
   * The screen when it stands still, as one that waits for a person does; of one that moves, the second look, because what
   * is drawn comes a little after what is said.
   */
  async record(name: string, options: { still: boolean } = { still: true }): Promise<void> {
    let before = ''
    const look = async () => {
      const now = await this.#scene.screen()
      const isThere = now.trim() !== '' && (options.still ? now === before : before !== '')
      before = now
      return isThere ? now : undefined
    }
    const screen = await until(look, { ...WITHIN, everyMs: 500, what: `the screen of ${name}` })
    writeFileSync(join(this.#directory, `${name}.txt`), `${withoutMachine(screen, this.#scene.fleet.home.root)}\n`)
    say(`${this.#scene.runtime.id} · ${name}`)
  }

  /** One state, which another run may show if this one does not. */
  async attempt(name: string, act: () => Promise<void>): Promise<void> {
    await this.#scene.idle()
    try {
      await act()
    } catch (error) {
      this.missed += 1
      say(`${this.#scene.runtime.id} · ${name}: not seen: ${(error as Error).message.split('\n', 1)[0]}`)
    }
  }

  /** A state of the matrix; what is done in it is done before it ends. */
  async within(state: State, n: number, act: () => Promise<void>): Promise<void> {
    const { leave } = await stateUnderTest[state].enter(this.#scene, n)
    try {
      await act()
    } finally {
      await leave()
    }
  }

  async failing(name: string, status: number, text: string): Promise<void> {
    const { llm } = this.#scene
    const word = `Please fail as ${name}.`
    llm.rule({ when: { contains: word }, reply: { status, text }, times: FAILURES })
    const before = JSON.stringify((await this.#scene.agent()).error)
    await this.#scene.send(word)
    await this.#scene.agentThat('in error', ({ error }) => error !== null && JSON.stringify(error) !== before)
    await this.record(name, { still: false })
    await this.#scene.idle()
    await this.#scene.accepted('Try again, please.')
  }
}

async function recordAll(scene: Scene, recorder: Recorder): Promise<void> {
  await recorder.attempt('busy', () =>
    recorder.within('busy: streaming', 1, async () => {
      await recorder.record('busy', { still: false })
      const { id } = await scene.send('This waits behind it.')
      await scene.settled(id)
      await recorder.record('busy-queued', { still: false })
    }),
  )
  await recorder.attempt('busy-tool', () => recorder.within('busy: tool call', 2, () => recorder.record('busy-tool', { still: false })))
  await recorder.attempt('dialog', () => recorder.within('waiting for permission', 3, () => recorder.record('dialog')))
  // What starts works on for a while after it has answered for the first time.
  await recorder.attempt('idle', () => recorder.record('idle'))
  await recorder.attempt('draft', async () => {
    await scene.keys('-l', DRAFT)
    await until(async () => (await scene.screen()).includes(DRAFT), { ...WITHIN, what: 'the draft' })
    await recorder.record('draft')
    await scene.keys('C-u')
    await until(async () => !(await scene.screen()).includes(DRAFT), { ...WITHIN, what: 'no draft' })
  })
  await recorder.attempt('starting', () => starting(scene, recorder))
  await recorder.attempt('limit', () => recorder.failing('limit', 429, 'rate limited'))
  await recorder.attempt('after-error', () => recorder.record('after-error'))
  await recorder.attempt('logged-out', () => recorder.failing('logged-out', 401, 'invalid x-api-key'))
}

async function starting(scene: Scene, recorder: Recorder): Promise<void> {
  const before = await scene.processId()
  const restarted = (await scene.client()).restart([AGENT])
  restarted.catch(() => {})
  await scene.agentThat('launched', ({ pid }) => pid !== null && pid !== before)
  await until(async () => (await scene.screen()).trim() !== '', { ...WITHIN, what: 'its first screen' })
  if ((await scene.agent()).health !== 'healthy') await recorder.record('starting', { still: false })
  await restarted
}

await buildAll({ root: ROOT, warn: say })
const version = installedVersion(under)
if (version === undefined) throw new Error(`${under.package} is not installed in e2e/runtimes`)
await using scene = await Scene.open(under)
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.once(signal, () => void scene[Symbol.asyncDispose]().finally(() => process.exit(1)))
}
const recorder = new Recorder(scene, version)
await recordAll(scene, recorder)
process.exitCode = recorder.missed === 0 ? 0 : 1
