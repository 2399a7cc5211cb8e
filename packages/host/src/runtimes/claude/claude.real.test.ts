import { execFileSync } from 'node:child_process'
import { closeSync, constants, existsSync, openSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { messageIdOf, renderMessage } from '@mosaic/domain/message'
import { type RuntimeHarness, runtimeContract } from '@mosaic/testkit/contracts/runtime-contract'
import { messageOf, RuntimePane, shortTemporaryDirectory } from '@mosaic/testkit/contracts/runtime-pane'
import { type ClaudeHome, type ClaudeHomeOptions, writeClaudeHome } from '@mosaic/testkit/fake-llm/claude-home'
import { claudeComposed, claudeUnwrapped } from '@mosaic/testkit/fake-llm/claude-texts'
import { type FakeLlm, startFakeLlm } from '@mosaic/testkit/fake-llm/server'
import { isAlive } from '@mosaic/testkit/processes'
import { until } from '@mosaic/testkit/until'
import { describe, expect, test } from 'vitest'
import { AgentEndpoint } from '../../agent-endpoint/agent-endpoint.ts'
import { claudeAdapter } from './adapter.ts'
import { claudeReadsCap, locateClaude } from './claude-program.ts'

const KEEP_BUSY = 'be busy now'
const ASK = 'ask me now'
const PATH = process.env['PATH'] ?? ''
const TOKEN = 'MOSAIC_FLEET_TOKEN'
/** The same for each launch of a pane. */
const AGENT = 'agent0'

interface ClaudeHarness extends RuntimeHarness {
  llm: FakeLlm
  home: ClaudeHome
  /** What is done when the fleet has heeded a hook, and its answer is not on its way yet. */
  heeded: (name: string) => void
}

const messagesIn = (texts: readonly string[]): string[] => texts.map(claudeUnwrapped).filter((text) => messageIdOf(text) !== undefined)

interface HarnessOptions extends ClaudeHomeOptions {
  yolo?: boolean
  /** The roster's own environment for the agent, from the root of the test. */
  rosterEnv?: (root: string) => Record<string, string>
}

async function claudeHarness(options: HarnessOptions = {}): Promise<ClaudeHarness> {
  const llm = await startFakeLlm()
  const root = shortTemporaryDirectory()
  const home = writeClaudeHome(root, llm.url, options)
  const endpoint = await AgentEndpoint.open({
    paths: { endpointFile: join(root, 'endpoint.json') },
    tools: { list: [], call: async () => undefined },
    isCurrent: () => true,
    log: () => {},
  })
  const channel = endpoint.channel(AGENT, AGENT)
  const pane = new RuntimePane({
    adapter: claudeAdapter(PATH, { HOME: root }),
    root,
    env: home.env,
    agent: { yolo: options.yolo ?? false, env: options.rosterEnv?.(root) ?? {} },
    fleet: {
      endpoint: { url: endpoint.url, tokenVariable: TOKEN },
      channel: {
        get hasStream() {
          return channel.hasStream
        },
        ping: (timeoutMs) => channel.ping(timeoutMs),
        onHook: (handle) =>
          channel.onHook(async (name, payload) => {
            const answer = await handle(name, payload)
            harness.heeded(name)
            return answer
          }),
      },
      env: { [TOKEN]: endpoint.tokenOf(AGENT, AGENT), MOSAIC_FLEET_URL: endpoint.url },
    },
  })
  // In the working directory, where reading asks nobody.
  const gate = join(pane.workingDirectory, 'gate')
  execFileSync('mkfifo', [gate])
  const bash = (command: string) => ({ toolCalls: [{ name: 'Bash', input: { command, description: 'as asked' } }] })
  // Blocks until the gate was opened for writing, and ends when it is closed.
  llm.rule({ when: { contains: KEEP_BUSY }, reply: bash('cat gate'), times: 1 })
  llm.rule({ when: { contains: ASK }, reply: bash(`touch ${join(root, 'touched')}`), times: 1 })
  const hasReader = () => {
    try {
      closeSync(openSync(gate, constants.O_WRONLY | constants.O_NONBLOCK))
      return true
    } catch {
      return false
    }
  }
  const open = () => closeSync(openSync(gate, constants.O_RDWR | constants.O_NONBLOCK))
  const harness: ClaudeHarness = {
    llm,
    home,
    pane,
    heeded: () => {},
    saysUsage: true,
    heard: () => {
      const last = llm.requests().findLast(({ kind }) => kind === 'model')
      return messagesIn(last?.userTexts ?? [])
    },
    keepBusy: async () => {
      await pane.paste(KEEP_BUSY)
      await until(() => pane.signals('usage').length > 0, { what: 'its tool call', withinMs: 60_000 })
      // The tool may be announced and not have begun.
      return async () => void (await until(() => hasReader(), { what: 'the command', withinMs: 60_000 }))
    },
    [Symbol.asyncDispose]: async () => {
      open()
      await pane[Symbol.asyncDispose]()
      await endpoint[Symbol.asyncDispose]()
      await llm.close()
    },
  }
  return harness
}

/** The model asks for a command that nobody has allowed; the result denies it. */
async function question(pane: RuntimePane): Promise<() => Promise<void>> {
  await pane.paste(ASK)
  await until(async () => (await pane.session.ask(5000))?.activity === 'waiting', { what: 'the question', withinMs: 60_000 })
  await until(async () => (await pane.screen()).includes('Do you want to proceed?'), { what: 'the dialog' })
  // Its own turn stands in the transcript a little later than its dialog on the screen.
  const told = async () => (await pane.session.ask(5000)) !== undefined && pane.signals('turn').length > 0
  await until(told, { what: 'the turn that asks', withinMs: 60_000 })
  return () => pane.keys('Escape')
}

runtimeContract('claude', { voice: false, questions: question, resetsInTurn: false, composed: claudeComposed }, claudeHarness)

describe('Claude Code in a pane', () => {
  const within =
    (act: (harness: ClaudeHarness, pane: RuntimePane) => Promise<void>, options: ClaudeHomeOptions = {}) =>
    async () => {
      await using harness = await claudeHarness(options)
      await harness.pane.start()
      await act(harness, harness.pane)
    }

  test(
    'is told its contract in the system prompt',
    within(async ({ llm }, pane) => {
      await pane.deliver(messageOf('hello'))
      const { request } = await llm.waitForRequest(({ kind, request: read }) => kind === 'model' && read !== undefined)
      expect(request?.systemText).toContain('You are an agent under test.')
    }),
  )

  test(
    'starts in a home in which it never ran, and adds one key to what stands there',
    within(
      async (harness, pane) => {
        await pane.deliver(messageOf('hello'))
        const state = JSON.parse(readFileSync(harness.home.stateFile, 'utf8')) as Record<string, unknown>
        expect(state['hasCompletedOnboarding']).toBe(true)
        expect(JSON.stringify(state)).not.toContain('hasTrustDialogAccepted":true')
      },
      { onboarded: false },
    ),
  )

  test(
    "changes nothing in the operator's settings",
    within(async ({ home }, pane) => {
      const before = readFileSync(home.settingsFile, 'utf8')
      await pane.deliver(messageOf('hello'))
      await pane.idle()
      await pane.end('SIGTERM')
      expect(readFileSync(home.settingsFile, 'utf8')).toBe(before)
      expect(existsSync(join(pane.workingDirectory, '.claude'))).toBe(false)
    }),
  )

  test(
    'heeds the cap of its context',
    within(async (_harness, pane) => {
      await pane.deliver(messageOf('hello'))
      await until(async () => (await pane.session.ask(5000)) !== undefined && pane.signals('context').some(({ limit }) => limit !== null))
      expect(pane.signals('context').every(({ limit }) => limit === null || limit === 200_000)).toBe(true)
      await pane.idle()
      await pane.paste('/context')
      await until(async () => /Auto-compact window:\s+200k tokens/.test(await pane.screen()))
      expect(await pane.screen()).toMatch(/\/200k tokens/)
    }),
  )

  test(
    'types nothing behind a draft of a person, and leaves it as it is',
    within(async (_harness, pane) => {
      await pane.keys('-l', 'half a thought')
      await until(async () => (await pane.screen()).includes('half a thought'))
      expect(await pane.attempt(messageOf('not now'))).toMatchObject({ outcome: 'refused', because: 'draft' })
      expect(await pane.session.reset()).toBe('failed')
      expect(await pane.screen()).toContain('half a thought')
    }),
  )

  test(
    'does not reset while a question is open, and leaves it open and unanswered',
    within(async (_harness, pane) => {
      const deny = await question(pane)
      expect(await pane.session.reset()).toBe('failed')
      expect(await pane.session.ask(5000)).toMatchObject({ activity: 'waiting', detail: expect.stringContaining('touch') })
      await deny()
      await pane.idle()
      expect(existsSync(join(pane.root, 'touched'))).toBe(false)
    }),
  )

  test(
    'says that it is logged out, and what the provider said',
    within(async ({ llm }, pane) => {
      llm.rule({ when: { contains: 'who am I' }, reply: { status: 401, text: 'invalid x-api-key' } })
      await pane.send(messageOf('who am I'))
      await until(async () => (await pane.session.ask(5000)) !== undefined && pane.signals('error').length > 0, { withinMs: 60_000 })
      expect(pane.signals('error')[0]).toMatchObject({ reason: 'logged-out', detail: expect.stringContaining('401') })
    }),
  )

  const ends: readonly [when: string, arm: (harness: ClaudeHarness, kill: () => void) => void][] = [
    [
      'its hook was answered',
      (harness, kill) => {
        harness.heeded = (name) => name === 'UserPromptSubmit' && kill()
      },
    ],
    [
      'the model answered',
      ({ llm }, kill) =>
        llm.rule(() => {
          kill()
          return undefined
        }),
    ],
  ]
  test.each(ends)(
    'gives the model once, in the conversation that it has then, what it had accepted when it was killed before %s',
    (_when, arm) =>
      within(async (harness, pane) => {
        const { llm, heard } = harness
        let killed = false
        arm(harness, () => {
          if (!killed) process.kill(pane.pid, 'SIGKILL')
          killed = true
        })
        const message = messageOf('on its way')
        await pane.deliver(message)
        await until(() => !isAlive(pane.pid), { what: 'its end' })
        llm.clearRequests()
        await pane.start({ resume: true })
        const after = messageOf('after')
        await pane.deliver(after)
        const ids = () => heard().map(messageIdOf).toSorted()
        await until(() => ids().length === 2, { what: 'both messages reaching the model' })
        await pane.idle()
        await pane.deliver(messageOf('the last'))
        await until(() => ids().length > 2, { what: 'the last message reaching the model' })
        expect(ids().filter((id) => id === message.id)).toHaveLength(1)
        expect(ids().filter((id) => id === after.id)).toHaveLength(1)
        expect(pane.acceptances(message.id)).toHaveLength(1)
      })(),
  )

  test(
    'neither loses nor alters a long message that comes at the same time as a reset, and is reset',
    within(async ({ llm, heard }, pane) => {
      for (const first of ['message', 'reset'] as const) {
        await pane.idle()
        const message = messageOf('x'.repeat(64 * 1024))
        const send = () => pane.deliver(message)
        const reset = async () => expect(await pane.session.reset()).not.toBe('failed')
        await Promise.all(first === 'message' ? [send(), reset()] : [reset(), send()])
        await pane.idle()
        const last = messageOf('last')
        await pane.deliver(last)
        await until(() => heard().includes(renderMessage(last)), { what: 'a message after the reset' })
        const given = llm.requests().map(({ userTexts }) => messagesIn(userTexts ?? []).filter((text) => messageIdOf(text) === message.id))
        expect(Math.max(...given.map(({ length }) => length))).toBe(1)
        // Compared as a condition, so that a failure does not print 64 KiB.
        expect(given.flat().every((text) => claudeComposed(renderMessage(message)) === text)).toBe(true)
        expect(pane.acceptances(message.id)).toHaveLength(1)
      }
    }),
  )

  test(
    'says that its account is at a limit, and until when, and that it went on',
    within(async ({ llm }, pane) => {
      llm.rule({ when: { contains: 'too much' }, reply: { status: 429, text: 'rate limited' }, times: 6 })
      await pane.send(messageOf('too much'))
      await until(async () => (await pane.session.ask(5000)) !== undefined && pane.signals('error').length > 0, { withinMs: 60_000 })
      expect(pane.signals('error').at(-1)).toMatchObject({ reason: 'rate-limited', until: expect.any(Number) })
      await until(() => pane.signals('recovered').length > 0, { withinMs: 60_000 })
    }),
  )

  test(
    'hears again, and counts once, what was said while nobody listened',
    within(async ({ heard }, pane) => {
      const message = messageOf('before')
      await pane.deliver(message)
      await pane.idle()
      await until(() => pane.signals('usage').length === 1)
      pane.reconnect()
      await pane.idle()
      expect(await pane.attempt(message)).toMatchObject({ outcome: 'handed-over' })
      expect(pane.signals('duplicate').map(({ id }) => id)).toEqual([message.id])
      expect(pane.signals('usage')).toHaveLength(1)
      expect(heard()).toEqual([renderMessage(message)])
    }),
  )

  test(
    'says that it compacts, and that it is done, and goes on in the same conversation',
    within(async ({ heard }, pane) => {
      await pane.deliver(messageOf('before'))
      await pane.idle()
      await pane.paste('/compact')
      const phases = () => pane.signals('compaction').map(({ phase }) => phase)
      await until(() => phases().includes('ended'), { what: 'the end of a compaction', withinMs: 60_000 })
      expect(phases()).toEqual(['started', 'ended'])
      await pane.idle()
      const after = messageOf('after')
      await pane.deliver(after)
      await until(() => heard().includes(renderMessage(after)), { what: 'a message after a compaction' })
    }),
  )

  test(
    'says what it asks a person, and takes no message before that is answered',
    within(async ({ llm, heard }, pane) => {
      const options = [
        { label: 'Red', description: 'as blood' },
        { label: 'Blue', description: 'as the sky' },
      ]
      const questions = [{ question: 'Which colour is it to be?', header: 'Colour', multiSelect: false, options }]
      llm.rule({ when: { contains: 'ask a person' }, reply: { toolCalls: [{ name: 'AskUserQuestion', input: { questions } }] }, times: 1 })
      await pane.send(messageOf('ask a person'))
      const asked = { activity: 'waiting', detail: expect.stringContaining('Which colour is it to be?') }
      await until(async () => (await pane.session.ask(5000))?.activity === 'waiting', { what: 'the question', withinMs: 60_000 })
      await until(async () => (await pane.screen()).includes('Which colour'), { what: 'the question on the screen' })
      expect(await pane.session.ask(5000)).toMatchObject(asked)
      const early = messageOf('1')
      expect(await pane.attempt(early)).toMatchObject({ outcome: 'refused', because: 'dialog' })
      expect(await pane.session.ask(5000)).toMatchObject(asked)
      await pane.keys('Escape')
      await pane.idle()
      await pane.deliver(early)
      await until(() => heard().includes(renderMessage(early)), { what: 'the message after the question' })
    }),
  )

  test(
    'says that its model cannot be reached',
    within(async ({ llm }, pane) => {
      await llm.close()
      await pane.send(messageOf('is anybody there'))
      await until(async () => (await pane.session.ask(5000)) !== undefined && pane.signals('error').length > 0, { withinMs: 180_000 })
      expect(pane.signals('error')[0]).toMatchObject({ reason: 'offline' })
    }),
  )

  test('works in the configuration home that the roster names, and in no other', async () => {
    await using harness = await claudeHarness({ onboarded: false, rosterEnv: (root) => ({ CLAUDE_CONFIG_DIR: join(root, 'account') }) })
    const { pane } = harness
    await pane.start()
    await pane.deliver(messageOf('hello'))
    await pane.idle()
    expect(existsSync(join(pane.root, 'account', 'projects'))).toBe(true)
    expect(existsSync(join(pane.root, '.claude', 'projects'))).toBe(false)
    expect(JSON.parse(readFileSync(join(pane.root, 'account', '.claude.json'), 'utf8'))).toMatchObject({ hasCompletedOnboarding: true })
    expect(existsSync(harness.home.stateFile)).toBe(false)
  })

  test('knows the names by which its context is capped', async () => {
    const { argv } = await locateClaude({ command: undefined, path: PATH })
    expect(claudeReadsCap(argv[0] ?? '')).toBe(true)
  })

  test('skips permissions where the roster says so, also as root', async () => {
    await using harness = await claudeHarness({ yolo: true })
    const { pane } = harness
    await pane.start()
    await pane.send(messageOf(ASK))
    await until(() => existsSync(join(pane.root, 'touched')), { withinMs: 60_000 })
  })

  test('keeps what an operator had in a home where it never ran', async () => {
    await using harness = await claudeHarness({ onboarded: false })
    const { pane, home } = harness
    writeFileSync(home.stateFile, '{"theme": "light"}', { mode: 0o640 })
    await pane.start()
    expect(JSON.parse(readFileSync(home.stateFile, 'utf8'))).toMatchObject({ theme: 'light', hasCompletedOnboarding: true })
    expect(readFileSync(`${home.stateFile}.before-mosaic`, 'utf8')).toBe('{"theme": "light"}')
    expect(statSync(home.stateFile).mode & 0o077).toBe(0)
  })
})
