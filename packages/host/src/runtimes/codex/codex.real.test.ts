import { execFileSync } from 'node:child_process'
import {
  closeSync,
  constants,
  existsSync,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { messageIdOf, renderMessage } from '@mosaic/domain/message'
import { type RuntimeHarness, runtimeContract } from '@mosaic/testkit/contracts/runtime-contract'
import { messageOf, RuntimePane, shortTemporaryDirectory } from '@mosaic/testkit/contracts/runtime-pane'
import { type CodexHome, writeCodexHome } from '@mosaic/testkit/fake-llm/codex-home'
import { type FakeLlm, startFakeLlm } from '@mosaic/testkit/fake-llm/server'
import { isAlive } from '@mosaic/testkit/processes'
import { until } from '@mosaic/testkit/until'
import { describe, expect, test } from 'vitest'
import { argvOf, processesWith, treeOf } from '../../processes.ts'
import { codexAdapter } from './adapter.ts'

const KEEP_BUSY = 'be busy now'
const ASK = 'ask me now'
const PATH = process.env['PATH'] ?? ''

interface CodexHarness extends RuntimeHarness {
  llm: FakeLlm
  home: CodexHome
}

const call = (input: Readonly<Record<string, unknown>>) => ({ toolCalls: [{ name: 'exec_command', input }] })

async function type(pane: RuntimePane, text: string): Promise<void> {
  await pane.keys('-l', text)
  // Typed without a paste, Enter within codex's guess of a paste is a new line.
  await until(async () => (await pane.screen()).includes(text))
  await pane.keys('Enter')
}

/** A killed app-server leaves the socket behind its link, in a directory of codex's own, to the next one at the same place. */
function forgetSocket(link: string): void {
  if (lstatSync(link, { throwIfNoEntry: false })?.isSymbolicLink() !== true) return
  const target = readlinkSync(link)
  for (const file of [target, `${target}.lock`]) rmSync(file, { force: true })
}

async function codexHarness(): Promise<CodexHarness> {
  const llm = await startFakeLlm()
  const root = shortTemporaryDirectory()
  const home = writeCodexHome(root, llm.url, { settings: ['sandbox_mode = "danger-full-access"', 'approval_policy = "on-request"'] })
  mkdirSync(join(home.codexDirectory, 'rules'))
  writeFileSync(join(home.codexDirectory, 'rules', 'default.rules'), 'prefix_rule(pattern=["touch"], decision="prompt")\n')
  const launched = `MOSAIC_LAUNCH_ID=${root}`
  const pane = new RuntimePane({ adapter: codexAdapter(PATH), root, env: { ...home.env, MOSAIC_LAUNCH_ID: root } })
  const gate = join(root, 'gate')
  execFileSync('mkfifo', [gate])
  // Runs until the gate, once opened for writing, is closed.
  llm.rule({ when: { contains: KEEP_BUSY }, reply: call({ cmd: `cat ${gate}`, yield_time_ms: 30_000 }), times: 1 })
  llm.rule({
    when: { contains: ASK },
    reply: call({ cmd: `touch ${join(root, 'touched')}` }),
    times: 1,
  })
  const held: number[] = []
  const release = () => {
    for (const fd of held.splice(0)) closeSync(fd)
  }
  /** Fails as long as nobody reads. */
  const hold = () => {
    try {
      return held.push(openSync(gate, constants.O_WRONLY | constants.O_NONBLOCK)) > 0
    } catch {
      return false
    }
  }
  return {
    llm,
    home,
    pane,
    saysUsage: true,
    heard: () => {
      const last = llm.requests().findLast(({ kind }) => kind === 'model')
      return (last?.userTexts ?? []).filter((text) => messageIdOf(text) !== undefined)
    },
    keepBusy: async () => {
      await type(pane, KEEP_BUSY)
      await until(hold, { what: 'the command that keeps it busy' })
      return async () => release()
    },
    [Symbol.asyncDispose]: async () => {
      release()
      forgetSocket(pane.context.linkSocket)
      await pane[Symbol.asyncDispose]()
      await until(() => processesWith(launched).length === 0, { what: 'the end of all that codex started' })
      await llm.close()
    },
  }
}

/** The model asks for a command that nobody has allowed; the result denies it. */
async function question(pane: RuntimePane): Promise<() => Promise<void>> {
  await type(pane, ASK)
  await until(async () => (await pane.session.ask(5000))?.activity === 'waiting', { what: 'the question' })
  return () => pane.keys('Escape')
}

runtimeContract('codex', { voice: false, questions: question }, codexHarness)

describe('codex in a pane', () => {
  const within = (act: (harness: CodexHarness, pane: RuntimePane) => Promise<void>) => async () => {
    await using harness = await codexHarness()
    await harness.pane.start()
    await act(harness, harness.pane)
  }
  const screenOf = (pane: RuntimePane) =>
    treeOf(pane.pid).find((pid) => pid !== pane.pid && argvOf(pid)?.includes('--remote') === true && argvOf(pid)?.[0] !== '/bin/sh') ?? 0

  test(
    'is told its contract as it is written, quotes and all',
    within(async ({ llm }, pane) => {
      await pane.deliver(messageOf('hello'))
      const { request } = await llm.waitForRequest(({ kind, request: read }) => kind === 'model' && read !== undefined)
      expect(request?.systemText).toContain(readFileSync(pane.context.contractFile, 'utf8'))
    }),
  )

  test(
    'shows a person what the fleet sends, and hears a message that a person pastes',
    within(async ({ heard }, pane) => {
      await pane.deliver(messageOf('from the fleet'))
      await until(async () => (await pane.screen()).includes('from the fleet'))
      await pane.idle()
      const message = messageOf('by hand')
      await pane.paste(renderMessage(message))
      await pane.accepted(message.id)
      await pane.idle()
      expect(heard().at(-1)).toBe(renderMessage(message))
    }),
  )

  test(
    'says what it asks a person for, and leaves the answer to them',
    within(async (harness, pane) => {
      const deny = await question(pane)
      await until(() =>
        pane.signals('activity').some(({ activity, detail }) => activity === 'waiting' && detail?.includes('touch') === true),
      )
      expect(await pane.session.reset()).toBe('failed')
      expect(await pane.session.ask(5000)).toMatchObject({ activity: 'waiting', detail: expect.stringContaining('touch') })
      await deny()
      await pane.idle()
      expect(existsSync(join(pane.root, 'touched'))).toBe(false)
      expect(harness.llm.modelRequestCount()).toBe(1)
    }),
  )

  test(
    'steers a busy turn with an urgent message',
    within(async (harness, pane) => {
      const end = await harness.keepBusy()
      const later = messageOf('later')
      const urgent = messageOf('now', { urgent: true })
      await pane.deliver(later)
      await pane.send(urgent)
      await end()
      await pane.accepted(urgent.id)
      expect(pane.acceptances(urgent.id).map(({ mode }) => mode)).toEqual(['steered'])
      await until(() => harness.heard().length === 2)
      expect(harness.heard().map(messageIdOf)).toEqual([urgent.id, later.id])
    }),
  )

  test(
    'knows after a restart of the host service what it accepted meanwhile',
    within(async (harness, pane) => {
      const end = await harness.keepBusy()
      const message = messageOf('meanwhile')
      await pane.send(message)
      pane.reconnect()
      await pane.accepted(message.id)
      await until(async () => (await pane.session.ask(5000))?.ready === true)
      await pane.send(message)
      await until(() => pane.signals('duplicate').some(({ id }) => id === message.id))
      await end()
      await until(() => harness.heard().length === 1)
    }),
  )

  test(
    'goes on with what waits after a person has interrupted the turn before it',
    within(async (harness, pane) => {
      await harness.keepBusy()
      const message = messageOf('waits')
      await pane.deliver(message)
      await pane.keys('Escape')
      await until(() => harness.heard().map(messageIdOf).includes(message.id))
    }),
  )

  test(
    'follows a person into the conversation that they begin',
    within(async (harness, pane) => {
      const first = messageOf('in the first')
      await pane.deliver(first)
      await pane.idle()
      await type(pane, '/new')
      await until(() => pane.signals('started').length === 2)
      await until(async () => (await pane.session.ask(5000))?.turn === 0)
      const second = messageOf('in the second')
      await pane.deliver(second)
      await until(() => harness.heard().map(messageIdOf).join() === second.id)
      await until(async () => (await pane.screen()).includes('in the second'))
    }),
  )

  test(
    'says that a model call failed, and why, and that the next one went well',
    within(async ({ llm }, pane) => {
      llm.push({ status: 401, text: 'no such key' }, { status: 401, text: 'no such key' })
      await pane.send(messageOf('fails'))
      await until(() => pane.signals('turn').some(({ phase }) => phase === 'ended'))
      expect(pane.signals('error').at(-1)).toMatchObject({ reason: 'logged-out', detail: expect.stringContaining('no such key') })
      await pane.deliver(messageOf('goes well'))
      await until(() => pane.signals('recovered').length > 0)
    }),
  )

  test(
    'loses no message to a reset: neither one that comes meanwhile, nor those whose turn it cut off unanswered, in their order',
    within(async (harness, pane) => {
      harness.llm.push({ neverAnswer: true })
      const unanswered = messageOf('unanswered')
      await pane.deliver(unanswered)
      await until(() => harness.llm.openCount() > 0)
      const waiting = messageOf('waiting')
      await pane.deliver(waiting)
      const reset = pane.session.reset()
      const meanwhile = messageOf('meanwhile')
      await pane.send(meanwhile)
      expect(await reset).toBe('done')
      const wanted = [unanswered.id, waiting.id, meanwhile.id]
      await until(() => harness.heard().map(messageIdOf).join() === wanted.join())
      for (const id of wanted) expect(pane.acceptances(id)).toHaveLength(1)
    }),
  )

  test(
    'drops with a reset the turn that the model had begun to answer',
    within(async (harness, pane) => {
      const { promise: never } = Promise.withResolvers<void>()
      harness.llm.push({ text: 'This is the beginning of a long answer. '.repeat(20), holdUntil: never })
      await pane.deliver(messageOf('answered in part'))
      await until(async () => (await pane.screen()).includes('the beginning'))
      expect(await pane.session.reset()).toBe('done')
      const after = messageOf('after')
      await pane.deliver(after)
      await until(() => harness.heard().map(messageIdOf).join() === after.id)
      expect(harness.llm.modelRequestCount()).toBe(2)
    }),
  )

  test(
    'says that its account is at a limit, and until when',
    within(async ({ llm }, pane) => {
      const headers = {
        'x-codex-primary-used-percent': '100',
        'x-codex-primary-window-minutes': '300',
        'x-codex-primary-reset-at': '1795722453',
      }
      const limited = { status: 429, errorType: 'usage_limit_reached', headers }
      llm.push(limited, limited)
      await pane.send(messageOf('too much'))
      await until(() => pane.signals('turn').some(({ phase }) => phase === 'ended'))
      expect(pane.signals('error').at(-1)).toMatchObject({ reason: 'rate-limited', until: 1_795_722_453_000 })
    }),
  )

  test(
    'tells the windows of its account, its model and how full its context is',
    within(async ({ llm, home }, pane) => {
      const headers = {
        'x-codex-primary-used-percent': '42.5',
        'x-codex-primary-window-minutes': '300',
        'x-codex-primary-reset-at': '1795722453',
      }
      llm.push({ headers })
      await pane.deliver(messageOf('hello'))
      await until(() => pane.signals('limits').length > 0)
      const window = { name: 'primary', used_percent: 42.5, minutes: 300, resets_at: 1_795_722_453_000 }
      expect(pane.signals('limits').at(-1)?.windows).toEqual([window])
      expect(pane.signals('model').at(-1)?.model).toBe(home.model)
      expect(pane.signals('context').at(-1)?.used).toBeGreaterThan(0)
    }),
  )

  test(
    'asks a model for nothing but turns: no titles, no start, no end',
    within(async ({ llm }, pane) => {
      await pane.deliver(messageOf('hello'))
      await until(() => pane.signals('turn').some(({ phase }) => phase === 'ended'))
      await pane.idle()
      await pane.end('SIGTERM')
      expect(llm.modelRequestCount()).toBe(1)
    }),
  )

  test.each(['app-server', 'screen'])('ends as a whole when its %s is killed', async (part) => {
    await using harness = await codexHarness()
    const { pane } = harness
    await pane.start()
    const screen = screenOf(pane)
    process.kill(part === 'screen' ? screen : pane.pid, 'SIGKILL')
    await until(() => !isAlive(pane.pid) && !isAlive(screen), { what: 'the end of both' })
  })

  test(
    "changes nothing in the operator's configuration, and copies no program",
    within(async ({ home }, pane) => {
      const before = readFileSync(home.configFile, 'utf8')
      await pane.deliver(messageOf('hello'))
      await pane.idle()
      // The screen has written its own note into the copy by now.
      const copy = join(pane.context.stateDirectory, 'codex-screen', 'config.toml')
      await until(() => readFileSync(copy, 'utf8') !== before)
      await pane.end('SIGTERM')
      expect(readFileSync(home.configFile, 'utf8')).toBe(before)
      expect(statSync(copy).mode & 0o777).toBe(0o600)
      expect(readdirSync(home.codexDirectory)).not.toContain('packages')
    }),
  )
})
