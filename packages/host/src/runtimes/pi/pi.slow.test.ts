import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { messageIdOf, renderMessage } from '@mosaic/domain/message'
import { type RuntimeHarness, runtimeContract } from '@mosaic/testkit/contracts/runtime-contract'
import { messageOf, RuntimePane, shortTemporaryDirectory } from '@mosaic/testkit/contracts/runtime-pane'
import { writePiHome } from '@mosaic/testkit/fake-llm/pi-home'
import { type FakeLlm, startFakeLlm } from '@mosaic/testkit/fake-llm/server'
import { until } from '@mosaic/testkit/until'
import { describe, expect, test } from 'vitest'
import { AgentEndpoint } from '../../agent-endpoint/agent-endpoint.ts'
import { TOKEN_VARIABLE, URL_VARIABLE } from '../../agent-endpoint/variables.ts'
import { Inbox } from '../../signals/inbox.ts'
import { piAdapter } from './adapter.ts'
import { SESSION_FILE } from './session-file.ts'

const KEEP_BUSY = 'be busy now'

/** What an operator's own extension does that asks before something happens. */
const ASKING = `export default (pi) => pi.registerCommand('may-i', {
  description: 'asks',
  handler: async (_args, ctx) => { ctx.ui.notify(await ctx.ui.confirm('May I?', 'Say it.') ? 'was-approved' : 'was-denied') },
})
`

interface PiHarness extends RuntimeHarness {
  llm: FakeLlm
}

async function piHarness(): Promise<PiHarness> {
  const llm = await startFakeLlm()
  const root = shortTemporaryDirectory()
  const home = writePiHome(root, llm.url)
  mkdirSync(join(home.agentDirectory, 'extensions'))
  writeFileSync(join(home.agentDirectory, 'extensions', 'asking.ts'), ASKING)
  const pane = new RuntimePane({ adapter: piAdapter(process.env['PATH'] ?? ''), root, env: home.env })
  const gate = join(root, 'gate')
  // The model asks for a command that runs until the gate is open, or all of this is removed: it may outlive pi.
  const command = `while [ -d ${root} ] && [ ! -e ${gate} ]; do sleep 0.05; done`
  llm.rule({ when: { contains: KEEP_BUSY }, reply: { toolCalls: [{ name: 'bash', input: { command } }] }, times: 1 })
  return {
    llm,
    pane,
    saysUsage: true,
    heard: () => {
      const last = llm.requests().findLast(({ kind }) => kind === 'model')
      return (last?.userTexts ?? []).filter((text) => messageIdOf(text) !== undefined)
    },
    keepBusy: async () => {
      await pane.keys('-l', KEEP_BUSY)
      await pane.keys('Enter')
      // In the answer's tool call.
      await until(() => pane.signals('usage').length > 0)
      return async () => writeFileSync(gate, '')
    },
    [Symbol.asyncDispose]: async () => {
      writeFileSync(gate, '')
      await pane[Symbol.asyncDispose]()
      await llm.close()
    },
  }
}

/** Opens the question of an extension; the result denies it. */
async function question(pane: RuntimePane): Promise<() => Promise<void>> {
  await pane.keys('-l', '/may-i')
  await pane.keys('Enter')
  await until(async () => (await pane.session.ask(5000))?.activity === 'waiting')
  return () => pane.keys('Escape')
}

runtimeContract('pi', { voice: true, questions: question }, piHarness)

describe('pi in a pane', () => {
  const within = (act: (harness: PiHarness, pane: RuntimePane) => Promise<void>) => async () => {
    await using harness = await piHarness()
    await harness.pane.start()
    await act(harness, harness.pane)
  }

  test(
    'is told its contract in the system prompt',
    within(async ({ llm }, pane) => {
      await pane.deliver(messageOf('hello'))
      const { body } = await llm.waitForRequest(({ kind }) => kind === 'model')
      expect(JSON.stringify((body as { system?: unknown }).system)).toContain('You are an agent under test.')
    }),
  )

  test(
    'accepts a message that a person pastes, by its preamble, and drops a second paste of it',
    within(async ({ heard }, pane) => {
      const message = messageOf('by hand')
      await pane.paste(renderMessage(message))
      await pane.accepted(message.id)
      await pane.idle()
      await pane.paste(renderMessage(message))
      await until(() => pane.signals('duplicate').some(({ id }) => id === message.id))
      expect(heard()).toEqual([renderMessage(message)])
    }),
  )

  test(
    'steers a busy turn with an urgent message',
    within(async (harness, pane) => {
      const end = await harness.keepBusy()
      const later = messageOf('later')
      const urgent = messageOf('now', { urgent: true })
      await pane.deliver(later)
      await pane.deliver(urgent)
      expect(pane.acceptances(urgent.id).map(({ mode }) => mode)).toEqual(['steered'])
      await end()
      await until(() => harness.heard().length === 2)
      expect(harness.heard().map(messageIdOf)).toEqual([urgent.id, later.id])
    }),
  )

  test(
    'works off as one what a person took out of the queue by Escape and sent, and remembers each of it as done',
    within(async (harness, pane) => {
      await harness.keepBusy()
      const messages = [messageOf('first'), messageOf('second')]
      for (const message of messages) await pane.deliver(message)
      await pane.keys('Escape')
      await until(async () => (await pane.session.ask(5000))?.activity === 'draft')
      await pane.keys('Enter')
      await until(() => harness.heard().length === 1)
      await pane.idle()
      for (const message of messages) expect(harness.heard()[0]).toContain(renderMessage(message))
      using inbox = new Inbox(pane.context.stateDirectory)
      expect(inbox.pending()).toEqual([])
      expect(messages.map(({ id }) => inbox.state(id))).toEqual(['done', 'done'])
    }),
  )

  test(
    'says that a model call failed, and why',
    within(async ({ llm }, pane) => {
      llm.push({ status: 400, text: 'the request is not liked' })
      await pane.send(messageOf('fails'))
      await until(() => pane.signals('error').length > 0)
      expect(pane.signals('error')[0]).toMatchObject({ reason: 'model', detail: expect.stringContaining('not liked') })
    }),
  )

  test(
    'takes up again, once, a turn that SIGKILL interrupted in its middle',
    within(async (harness, pane) => {
      const message = messageOf(KEEP_BUSY)
      await pane.deliver(message)
      const { file } = JSON.parse(readFileSync(join(pane.context.stateDirectory, SESSION_FILE), 'utf8')) as { file: string }
      await until(() => existsSync(file) && readFileSync(file, 'utf8').includes(message.id))
      await pane.end('SIGKILL')
      const requests = harness.llm.modelRequestCount()
      await pane.start({ resume: true })
      await until(() => harness.llm.modelRequestCount() > requests)
      await pane.idle()
      expect(harness.heard().map(messageIdOf)).toEqual([message.id])
      const last = harness.llm.requests().findLast(({ kind }) => kind === 'model')
      expect(last?.userTexts.at(-1)).toContain('interrupted')
    }),
  )

  test('has the tools of its fleet, and calls them in the name of its launch', async () => {
    await using llm = await startFakeLlm()
    const root = shortTemporaryDirectory()
    const calls: unknown[] = []
    await using endpoint = await AgentEndpoint.open({
      paths: { endpointFile: join(root, 'endpoint.json') },
      tools: {
        list: [],
        call: async ({ name, launchId }, tool, input) => {
          calls.push([name, launchId, tool, input])
          return { text: 'kept as asked', isError: false }
        },
      },
      isCurrent: () => true,
      log: () => {},
    })
    const { url } = endpoint
    const fleet = {
      endpoint: { url, tokenVariable: TOKEN_VARIABLE },
      channel: endpoint.channel('coder0', 'l1'),
      env: { [URL_VARIABLE]: url, [TOKEN_VARIABLE]: endpoint.tokenOf('coder0', 'l1') },
    }
    const { env } = writePiHome(root, llm.url)
    await using pane = new RuntimePane({ adapter: piAdapter(process.env['PATH'] ?? ''), root, env, fleet })
    await pane.start()
    const input = { kind: 'result', text: 'done' }
    llm.rule({ when: { contains: 'report now' }, reply: { toolCalls: [{ name: 'fleet_report', input }] }, times: 1 })
    await pane.deliver(messageOf('report now'))
    await until(() => llm.modelRequestCount() >= 2)
    expect(calls).toEqual([['coder0', 'l1', 'fleet_report', input]])
    const [first, second] = llm.requests().filter(({ kind }) => kind === 'model')
    for (const tool of ['fleet_peers', 'fleet_send', 'fleet_inbox', 'fleet_report', 'fleet_escalate'])
      expect(JSON.stringify((first?.body as { tools?: unknown } | undefined)?.tools)).toContain(`"${tool}"`)
    expect(JSON.stringify(second?.body)).toContain('kept as asked')
  })

  test('refuses a message, and says why, when it has no model to give it to', async () => {
    const root = shortTemporaryDirectory()
    mkdirSync(join(root, '.pi', 'agent'), { recursive: true })
    await using pane = new RuntimePane({ adapter: piAdapter(process.env['PATH'] ?? ''), root, env: { HOME: root } })
    await pane.start()
    const message = messageOf('to nobody')
    expect(await pane.session.deliver?.(message, renderMessage(message))).toMatchObject({
      outcome: 'refused',
      because: 'unavailable',
      detail: expect.stringMatching(/no model|no login/),
    })
    expect(pane.acceptances(message.id)).toEqual([])
    // Said before anybody sends, so that it is seen without.
    await until(() =>
      pane.signals('activity').some(({ activity, detail }) => activity === 'idle' && /no model|no login/.test(detail ?? '')),
    )
  })

  test(
    'does not reset while a question is open, and leaves it open and unanswered',
    within(async (_harness, pane) => {
      const deny = await question(pane)
      expect(await pane.session.reset()).toBe('failed')
      expect(await pane.session.ask(5000)).toMatchObject({ activity: 'waiting' })
      await deny()
      await until(async () => (await pane.screen()).includes('was-denied'))
    }),
  )

  test(
    'resets again when the time of an earlier reset is over',
    within(async (_harness, pane) => {
      await pane.idle()
      const began = performance.now()
      const results = new Set([await pane.session.reset()])
      // That time is 10 s.
      await until(() => performance.now() - began > 9_000)
      while (performance.now() - began < 11_000) results.add(await pane.session.reset())
      expect([...results]).toEqual(['done'])
    }),
  )

  test(
    "changes nothing in the operator's configuration",
    within(async (_harness, pane) => {
      const settings = join(pane.root, '.pi', 'agent', 'settings.json')
      const models = join(pane.root, '.pi', 'agent', 'models.json')
      const before = [settings, models].map((file) => readFileSync(file, 'utf8'))
      await pane.deliver(messageOf('hello'))
      await pane.idle()
      await pane.end('SIGTERM')
      expect([settings, models].map((file) => readFileSync(file, 'utf8'))).toEqual(before)
      expect(existsSync(join(pane.workingDirectory, '.pi'))).toBe(false)
    }),
  )
})
