import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { messageIdOf, renderMessage } from '@mosaic/domain/message'
import { type RuntimeHarness, runtimeContract } from '@mosaic/testkit/contracts/runtime-contract'
import { messageOf, RuntimePane, shortTemporaryDirectory } from '@mosaic/testkit/contracts/runtime-pane'
import { type OpenCodeHomeOptions, writeOpenCodeHome } from '@mosaic/testkit/fake-llm/opencode-home'
import { type FakeLlm, startFakeLlm } from '@mosaic/testkit/fake-llm/server'
import { until } from '@mosaic/testkit/until'
import { describe, expect, test } from 'vitest'
import { opencodeAdapter } from './adapter.ts'

const KEEP_BUSY = 'be busy now'
const ASK_FIRST = 'ask me first'
/** What OpenCode's screen says of a prompt that a person may write. */
const COMPOSER = 'ctrl+p commands'
const FIRST_PAGE = 'Ask anything'
const DIALOG = 'Permission required'
const WITHIN = { withinMs: 120_000 }

interface OpenCodeHarness extends RuntimeHarness {
  llm: FakeLlm
  configFile: string
  env: Readonly<Record<string, string>>
}

/** The model asks for this command once. What it is asked to name a conversation that a person began is something else. */
function onceAsked(llm: FakeLlm, text: string, input: Record<string, unknown>): void {
  let asked = false
  llm.rule(({ prompt }) => {
    if (asked || !prompt.includes(text) || prompt.includes('Generate a title')) return undefined
    asked = true
    return { toolCalls: [{ name: 'bash', input }] }
  })
}

async function harnessOf(options: OpenCodeHomeOptions = {}): Promise<OpenCodeHarness> {
  const llm = await startFakeLlm()
  const root = shortTemporaryDirectory()
  const home = writeOpenCodeHome(root, llm.url, { config: { permission: { bash: { '*': 'allow', 'touch *': 'ask' } } }, ...options })
  const pane = new RuntimePane({ adapter: opencodeAdapter(process.env['PATH'] ?? ''), root, env: home.env })
  const gate = join(root, 'gate')
  // The model asks for a command that runs until the gate is open, or all of this is removed: it may outlive OpenCode.
  const command = `while [ -d ${root} ] && [ ! -e ${gate} ]; do sleep 0.05; done`
  onceAsked(llm, KEEP_BUSY, { command, description: 'waits' })
  return {
    llm,
    pane,
    configFile: home.configFile,
    env: home.env,
    saysUsage: true,
    heard: () => {
      const last = llm.requests().findLast(({ kind }) => kind === 'model')
      return (last?.userTexts ?? []).filter((text) => messageIdOf(text) !== undefined)
    },
    keepBusy: async () => {
      const calls = llm.modelRequestCount()
      await typed(pane, KEEP_BUSY)
      // In the answer's tool call.
      await until(() => llm.modelRequestCount() > calls, { ...WITHIN, what: 'the call of the model' })
      await until(() => pane.signals('activity').at(-1)?.activity === 'busy', { ...WITHIN, what: 'busy' })
      return async () => writeFileSync(gate, '')
    },
    [Symbol.asyncDispose]: async () => {
      writeFileSync(gate, '')
      await pane[Symbol.asyncDispose]()
      await llm.close()
    },
  }
}

/** As a person does, who sees the conversation first. */
async function typed(pane: RuntimePane, text: string): Promise<void> {
  const isShown = (screen: string) => screen.includes(COMPOSER) && !screen.includes(FIRST_PAGE)
  await until(async () => isShown(await pane.screen()), { ...WITHIN, what: 'the composer of the conversation' })
  await pane.paste(text)
}

/** The model asks for a command that a person is to allow; the result denies it. */
async function question({ llm, pane }: OpenCodeHarness): Promise<() => Promise<void>> {
  const input = { command: 'touch touched', description: 'touches' }
  onceAsked(llm, ASK_FIRST, input)
  await typed(pane, ASK_FIRST)
  await until(() => pane.signals('activity').at(-1)?.activity === 'waiting', { ...WITHIN, what: 'the question' })
  await until(async () => (await pane.screen()).includes(DIALOG), { ...WITHIN, what: 'the dialog' })
  return async () => {
    await pane.keys('Escape')
    await until(async () => (await pane.session.ask(30_000))?.activity === 'idle', { ...WITHIN, what: 'the end of the dialog' })
  }
}

const harnesses = new WeakMap<RuntimePane, OpenCodeHarness>()
async function harness(): Promise<OpenCodeHarness> {
  const made = await harnessOf()
  harnesses.set(made.pane, made)
  return made
}

runtimeContract(
  'opencode',
  { voice: false, ...WITHIN, questions: async (pane) => question(harnesses.get(pane) ?? (await harness())) },
  harness,
)

describe('OpenCode in a pane', () => {
  const within = (act: (harness: OpenCodeHarness, pane: RuntimePane) => Promise<void>) => async () => {
    await using made = await harness()
    await made.pane.start()
    await act(made, made.pane)
  }

  test(
    'is told its contract in the system prompt, its process is the native program, and its screen shows the conversation',
    within(async ({ llm }, pane) => {
      const message = messageOf('hello')
      await pane.deliver(message)
      const { body } = await llm.waitForRequest(({ kind }) => kind === 'model', WITHIN.withinMs)
      const [system] = (body as { messages: { role: string; content: unknown }[] }).messages
      expect(system?.role).toBe('system')
      expect(JSON.stringify(system?.content)).toContain('You are an agent under test.')
      expect(readFileSync(`/proc/${pane.pid}/cmdline`, 'utf8').split('\0')[0]).toMatch(/opencode(\.exe)?$/)
      await until(async () => (await pane.screen()).includes(message.id), { ...WITHIN, what: 'the message on the screen' })
    }),
  )

  test(
    'spends one call of the model on a message, and none while it is idle',
    within(async ({ llm }, pane) => {
      expect(llm.modelRequestCount()).toBe(0)
      await pane.deliver(messageOf('hello'))
      await until(() => pane.signals('turn').some(({ phase }) => phase === 'ended'), WITHIN)
      expect(llm.modelRequestCount()).toBe(1)
    }),
  )

  test(
    'says what it accepted to a host service that was away, once, with the tokens that were used meanwhile',
    within(async ({ llm }, pane) => {
      const first = messageOf('first')
      await pane.deliver(first)
      await until(() => pane.signals('usage').length === 1, WITHIN)
      const away = pane.session
      pane.reconnect()
      const second = messageOf('second')
      expect(await away.deliver?.(second, renderMessage(second))).toEqual({ outcome: 'handed-over' })
      await until(() => pane.signals('usage').length === 2, WITHIN)
      expect([first, second].map(({ id }) => pane.acceptances(id).length)).toEqual([1, 1])
      expect(llm.modelRequestCount()).toBe(2)
    }),
  )

  test(
    'wakes the model for a message that waited behind a turn whose question a person denied',
    within(async (made, pane) => {
      await pane.deliver(messageOf('warm up'))
      await pane.idle()
      const end = await made.keepBusy()
      made.llm.push({ toolCalls: [{ name: 'bash', input: { command: 'touch touched', description: 'touches' } }] })
      const waiting = messageOf('behind the turn')
      await pane.deliver(waiting)
      await end()
      await until(() => pane.signals('activity').at(-1)?.activity === 'waiting', { ...WITHIN, what: 'the question' })
      const later = messageOf('behind the question')
      expect(await pane.attempt(later)).toMatchObject({ outcome: 'refused', because: 'dialog', detail: expect.stringContaining('touch') })
      const calls = made.llm.modelRequestCount()
      await until(async () => (await pane.screen()).includes(DIALOG), { ...WITHIN, what: 'the dialog' })
      await pane.keys('Escape')
      await pane.idle()
      expect(existsSync(join(pane.workingDirectory, 'touched'))).toBe(false)
      await pane.deliver(later)
      await until(() => made.llm.modelRequestCount() > calls && made.heard().some((text) => messageIdOf(text) === later.id), WITHIN)
    }),
  )

  test(
    'says why a call failed, that it is over, and what it counts as',
    within(async ({ llm }, pane) => {
      llm.push(
        { status: 400, text: 'the request is not liked' },
        { text: 'fine', usage: { input: 100, output: 50, cacheRead: 30, reasoning: 20 } },
      )
      await pane.deliver(messageOf('fails'))
      await until(() => pane.signals('error').length > 0, WITHIN)
      expect(pane.signals('error')[0]).toMatchObject({ reason: 'model', detail: expect.stringContaining('not liked') })
      await pane.deliver(messageOf('works'))
      await until(() => pane.signals('recovered').length > 0, WITHIN)
      const { usage } = pane.signals('usage').at(-1) ?? {}
      expect(usage).toMatchObject({ input: 100, output: 50, cache_read: 30, reasoning: 20, model: 'fake/fake-model' })
      expect(usage?.cost_usd).toBeGreaterThan(0)
      expect(pane.signals('context').at(-1)).toMatchObject({ used: 180, limit: 200_000 })
    }),
  )

  test('starts twice at the same time in a home where it never ran, and both work', async () => {
    await using made = await harness()
    await using other = new RuntimePane({ adapter: opencodeAdapter(process.env['PATH'] ?? ''), env: made.env })
    const panes = [made.pane, other]
    await Promise.all(panes.map((pane) => pane.start()))
    for (const pane of panes) await pane.deliver(messageOf('hello'))
    await until(() => made.llm.modelRequestCount() === 2, WITHIN)
  })

  test(
    'says that its provider limits it, and until when',
    within(async ({ llm }, pane) => {
      llm.push({ status: 429, text: 'fake rate limit', headers: { 'retry-after': '2' } })
      await pane.deliver(messageOf('limited'))
      await until(() => pane.signals('error').length > 0, WITHIN)
      expect(pane.signals('error')[0]).toMatchObject({ reason: 'rate-limited', until: expect.any(Number) })
      await until(() => pane.signals('recovered').length > 0, WITHIN)
    }),
  )

  test('refuses a message, and says why, when nobody named a model', async () => {
    await using made = await harnessOf({ namesModel: false })
    const { pane } = made
    await pane.start()
    const message = messageOf('to nobody')
    expect(await pane.session.deliver?.(message, renderMessage(message))).toMatchObject({
      outcome: 'refused',
      because: 'unavailable',
      detail: expect.stringContaining('no model is named'),
    })
    expect(pane.acceptances(message.id)).toEqual([])
    expect(made.llm.modelRequestCount()).toBe(0)
  })

  test(
    'answers no question of the model by a message, says what is asked, and works on when a person has dismissed it',
    within(async (made, pane) => {
      const asked = 'Which colour is it to be?'
      const options = ['red', 'blue'].map((label) => ({ label, description: `it will be ${label}` }))
      made.llm.push({ toolCalls: [{ name: 'question', input: { questions: [{ question: asked, header: 'Colour', options }] } }] })
      await pane.deliver(messageOf('paint it'))
      await until(() => pane.signals('activity').at(-1)?.activity === 'waiting', { ...WITHIN, what: 'the question' })
      const early = messageOf('red')
      expect(await pane.attempt(early)).toMatchObject({ outcome: 'refused', because: 'dialog', detail: expect.stringContaining(asked) })
      expect(await pane.session.ask(30_000)).toMatchObject({ activity: 'waiting', detail: expect.stringContaining(asked) })
      await until(async () => (await pane.screen()).includes(asked), { ...WITHIN, what: 'the question on the screen' })
      expect(pane.acceptances(early.id)).toEqual([])
      await pane.keys('Escape')
      await pane.idle()
      await pane.deliver(early)
      await until(() => made.heard().some((text) => messageIdOf(text) === early.id), WITHIN)
    }),
  )

  test(
    'does not reset while a question is open, and leaves it open and unanswered',
    within(async (made, pane) => {
      const deny = await question(made)
      expect(await pane.session.reset()).toBe('failed')
      expect(await pane.session.ask(30_000)).toMatchObject({ activity: 'waiting' })
      await deny()
      expect(existsSync(join(pane.workingDirectory, 'touched'))).toBe(false)
    }),
  )

  test(
    "changes nothing in the operator's configuration, and leaves no process and no port",
    within(async ({ configFile }, pane) => {
      const before = readFileSync(configFile, 'utf8')
      await pane.deliver(messageOf('hello'))
      await pane.idle()
      await pane.end('SIGTERM')
      expect(readFileSync(configFile, 'utf8')).toBe(before)
      expect(existsSync(join(pane.workingDirectory, '.opencode'))).toBe(false)
      await until(() => pane.signals('stopped').length === 1, WITHIN)
    }),
  )
})
