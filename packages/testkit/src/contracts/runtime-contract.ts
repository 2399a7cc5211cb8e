/** What every runtime adapter must do, shown on the real program in a real pane. */

import { existsSync, readFileSync } from 'node:fs'
import { parseHeartbeat } from '@mosaic/domain/heartbeat'
import { type Message, messageIdOf, messageText, renderMessage } from '@mosaic/domain/message'
import { describe, expect, test } from 'vitest'
import { freeze } from '../freeze.ts'
import { isAlive } from '../processes.ts'
import { type UntilOptions, until as untilTrue } from '../until.ts'
import { messageOf, type RuntimePane } from './runtime-pane.ts'

export interface RuntimeHarness extends AsyncDisposable {
  readonly pane: RuntimePane
  /** Texts that the model has been given as the user's, in order, exactly. */
  heard(): string[]
  /** Makes it busy until the result is called. */
  keepBusy(): Promise<() => Promise<void>>
  /** True when each finished model call is to be said with its tokens. */
  saysUsage: boolean
}

const BYTE_EXACT: readonly (readonly [name: string, content: string])[] = [
  ['one byte', '1'],
  ['emoji and combining characters', '👩‍👩‍👧‍👦 🇩🇪 é 漢字 ｆｕｌｌ'],
  ['tabs', '\tone\t\ttwo\t'],
  ['5,000 lines', Array.from({ length: 5000 }, (_, index) => `line ${index}`).join('\n')],
  ['64 KiB in one line', 'x'.repeat(64 * 1024)],
  ['a leading dash', '-l --help -- -'],
  ['a trailing semicolon', 'echo one; echo two;'],
  ['names of keys', 'Enter C-c Escape C-m Space BSpace ;'],
  ['shell metacharacters', '$(touch x) `id` "a" \'b\' \\ \\n | & > < * ? ~ ! # %s $HOME'],
  ['blank lines and a trailing newline', '\n\nmiddle\n\n\n'],
  ['a slash at its start', '/quit'],
  ['controls made visible', messageText('a\x1b[201~\rb\x03c\u009b')],
]

/** One that lives answers within milliseconds; on a machine under load it may take long, and that is no fault. */
const ANSWER_MS = 30_000

export interface RuntimeTraits {
  /** It writes journal and heartbeat itself, and its fault points end it. Others are listened to. */
  voice: boolean
  /** Bound of each wait, milliseconds: more for a program that is large. */
  withinMs?: number
  /** `false`: it never waits for an answer of a person. Else opens a question that a key would answer; the result denies it. */
  questions: false | ((pane: RuntimePane) => Promise<() => Promise<void>>)
  /** `false`: during a turn it has no reset, and whoever wants one starts it anew. */
  resetsInTurn?: false
  /** What its terminal makes of a text, where it cannot be given byte for byte; the model is told so. */
  composed?: (text: string) => string
}

export function runtimeContract(name: string, traits: RuntimeTraits, makeHarness: () => Promise<RuntimeHarness>): void {
  const bound = traits.withinMs === undefined ? {} : { withinMs: traits.withinMs }
  const until = <T>(probe: () => T | Promise<T>, options: UntilOptions = {}) => untilTrue(probe, { ...bound, ...options })
  const within = (act: (harness: RuntimeHarness, pane: RuntimePane) => Promise<void>) => async () => {
    await using harness = await makeHarness()
    await harness.pane.start()
    await act(harness, harness.pane)
  }
  const heardOnce = (harness: RuntimeHarness, message: Message) =>
    harness.heard().filter((text) => messageIdOf(text) === message.id).length === 1
  const comesToHear = (harness: RuntimeHarness, message: Message) =>
    until(() => heardOnce(harness, message), { what: `${message.id} reaching the model` })

  describe(`the runtime ${name}`, () => {
    test(
      'says that it started before it says that it is ready, and takes a message at that moment',
      within(async (harness, pane) => {
        const message = messageOf('at once')
        await pane.deliver(message)
        const kinds = pane.signals().map(({ kind }) => kind)
        expect(kinds[0]).toBe('started')
        expect(kinds.indexOf('ready')).toBeLessThan(kinds.indexOf('accepted'))
        await comesToHear(harness, message)
      }),
    )

    test(
      'answers when asked, idle and busy, as the process in the pane',
      within(async (harness, pane) => {
        await pane.idle()
        expect(await pane.session.ask(ANSWER_MS)).toMatchObject({ pid: pane.pid, ready: true, activity: 'idle' })
        const end = await harness.keepBusy()
        expect(await pane.session.ask(ANSWER_MS)).toMatchObject({ pid: pane.pid, ready: true, activity: 'busy' })
        await end()
        await pane.idle()
      }),
    )

    test(
      'gives the model every kind of text byte for byte, in the order in which it was sent',
      within(async (harness, pane) => {
        const messages = BYTE_EXACT.map(([, content]) => messageOf(content))
        for (const message of messages) await pane.deliver(message)
        await until(() => harness.heard().length === messages.length, { what: 'all messages reaching the model' })
        for (const [index, [kind]] of BYTE_EXACT.entries()) {
          const message = messages[index]
          // Compared as a condition, so that a failure does not print 64 KiB.
          const sent = message === undefined ? '' : renderMessage(message)
          expect(harness.heard()[index] === (traits.composed?.(sent) ?? sent), kind).toBe(true)
        }
      }),
    )

    test(
      'accepts a message once, and drops and reports it when it comes again',
      within(async (harness, pane) => {
        const message = messageOf('once')
        await pane.deliver(message)
        await comesToHear(harness, message)
        await pane.idle()
        await pane.send(message)
        await until(() => pane.signals('duplicate').some(({ id }) => id === message.id))
        const last = messageOf('last')
        await pane.deliver(last)
        await comesToHear(harness, last)
        expect(heardOnce(harness, message)).toBe(true)
        expect(pane.acceptances(message.id)).toHaveLength(1)
      }),
    )

    test(
      'accepts messages while it is busy as waiting behind the turn, and works them off in order',
      within(async (harness, pane) => {
        const end = await harness.keepBusy()
        const messages = [messageOf('first'), messageOf('second'), messageOf('third')]
        for (const message of messages) await pane.deliver(message)
        const modes = messages.map(({ id }) => pane.acceptances(id).map(({ mode }) => mode))
        expect(modes).toEqual([['queued'], ['queued'], ['queued']])
        await end()
        for (const message of messages) await comesToHear(harness, message)
        const ids = messages.map(({ id }) => id)
        const heard = harness.heard().map(messageIdOf)
        expect(heard.filter((id) => id !== undefined && ids.includes(id))).toEqual(ids)
      }),
    )

    test(
      'answers nobody while it is frozen, and again afterwards',
      within(async (_harness, pane) => {
        await using frozen = await freeze(pane.pid)
        expect(await pane.session.ask(300)).toBeUndefined()
        await frozen.thaw()
        await until(async () => (await pane.session.ask(ANSWER_MS))?.pid === pane.pid)
      }),
    )

    const testOfVoice = traits.voice
      ? test
      : (title: string, _test: () => Promise<void>) =>
          test(title, ({ skip }) => skip('this runtime writes no journal of ours: it is listened to'))
    testOfVoice(
      'writes its heartbeat again and again, as the process in the pane',
      within(async (_harness, pane) => {
        const beat = () => parseHeartbeat(readFileSync(pane.context.heartbeatFile, 'utf8'))
        const first = beat()
        expect(first).toMatchObject({ pid: pane.pid, source: 'runtime', intervalMs: 200 })
        await until(() => {
          const now = beat()
          return 'tsMs' in now && 'tsMs' in first && now.tsMs >= first.tsMs + 400
        })
      }),
    )

    test(
      'goes on with the conversation after SIGKILL, and still knows what it accepted',
      within(async (harness, pane) => {
        const before = messageOf('before')
        await pane.deliver(before)
        await comesToHear(harness, before)
        // Idle is also what it is before the turn begins; a turn that it says has ended is in its conversation.
        await until(() => pane.signals('turn').some(({ phase }) => phase === 'ended'), { what: 'the end of the turn' })
        await pane.idle()
        await pane.end('SIGKILL')
        expect(await pane.session.ask(300)).toBeUndefined()
        await pane.start({ resume: true })
        await pane.send(before)
        await until(() => pane.signals('duplicate').some(({ id }) => id === before.id))
        const after = messageOf('after')
        await pane.deliver(after)
        await comesToHear(harness, after)
        expect(harness.heard().map(messageIdOf).filter(Boolean)).toEqual([before.id, after.id])
        expect(pane.acceptances(before.id)).toHaveLength(1)
      }),
    )

    test(
      'does not lose by SIGKILL what it accepted and had not begun',
      within(async (harness, pane) => {
        await harness.keepBusy()
        const message = messageOf('waiting behind the turn')
        await pane.deliver(message)
        await pane.end('SIGKILL')
        await pane.start({ resume: true })
        await comesToHear(harness, message)
        await pane.idle()
        expect(pane.acceptances(message.id)).toHaveLength(1)
      }),
    )

    testOfVoice('neither loses nor doubles a message that it had recorded and not yet said when it was killed', async () => {
      await using harness = await makeHarness()
      const { pane } = harness
      await pane.start({ env: { MOSAIC_FAULT: 'runtime-after-inbox' } })
      const message = messageOf('recorded')
      await pane.send(message)
      await until(() => !isAlive(pane.pid), { what: 'its end at the fault point' })
      expect(pane.acceptances(message.id)).toEqual([])
      await pane.start({ resume: true })
      await pane.accepted(message.id)
      await comesToHear(harness, message)
      await pane.idle()
      await pane.send(message)
      await until(() => pane.signals('duplicate').some(({ id }) => id === message.id))
      const last = messageOf('last')
      await pane.deliver(last)
      await comesToHear(harness, last)
      expect(heardOnce(harness, message)).toBe(true)
      expect(pane.acceptances(message.id)).toHaveLength(1)
    })

    test(
      'begins a new conversation when reset, is ready again, and still knows what it accepted',
      within(async (harness, pane) => {
        const before = messageOf('before the reset')
        await pane.deliver(before)
        await comesToHear(harness, before)
        await pane.idle()
        const readies = pane.signals('ready').length
        expect(await pane.session.reset()).toBe('done')
        await until(() => pane.signals('ready').length > readies)
        expect(await pane.session.ask(ANSWER_MS)).toMatchObject({ pid: pane.pid, ready: true, turn: 0 })
        await pane.send(before)
        await until(() => pane.signals('duplicate').some(({ id }) => id === before.id))
        const after = messageOf('after the reset')
        await pane.deliver(after)
        await until(() => harness.heard().length === 1 && heardOnce(harness, after))
      }),
    )

    test(
      'can be reset in the middle of a turn, and works off in the new conversation what waited',
      within(async (harness, pane) => {
        await harness.keepBusy()
        const message = messageOf('waiting behind the turn')
        await pane.deliver(message)
        if (traits.resetsInTurn === false) {
          expect(await pane.session.reset()).toBe('none')
          await pane.end('SIGTERM')
          await pane.start()
        } else expect(await pane.session.reset()).toBe('done')
        await until(() => harness.heard().length === 1 && heardOnce(harness, message))
        await pane.idle()
        expect(pane.acceptances(message.id)).toHaveLength(1)
      }),
    )

    test(
      'says each turn, and each model call with its tokens where it has them, once',
      within(async (harness, pane) => {
        const ended = () => pane.signals('turn').filter(({ phase }) => phase === 'ended').length
        for (const [index, text] of ['one', 'two'].entries()) {
          await pane.deliver(messageOf(text))
          await until(() => ended() > index)
        }
        expect(pane.signals('turn').map(({ phase, turn }) => `${phase} ${turn}`)).toEqual(['started 1', 'ended 1', 'started 2', 'ended 2'])
        await until(async () => (await pane.session.ask(ANSWER_MS))?.turn === 2)
        const keys = pane.signals('usage').map(({ key }) => key)
        expect(keys).toHaveLength(harness.saysUsage ? 2 : 0)
        expect(new Set(keys).size).toBe(keys.length)
        if (harness.saysUsage) expect(pane.signals('usage').every(({ usage }) => usage.input > 0 && usage.output > 0)).toBe(true)
      }),
    )

    test(
      'ends in order when told to, says so, and leaves no socket',
      within(async (_harness, pane) => {
        await pane.end('SIGTERM')
        if (traits.voice) expect(pane.signals().at(-1)?.kind).toBe('stopped')
        expect(existsSync(pane.context.linkSocket)).toBe(false)
        expect(await pane.session.ask(300)).toBeUndefined()
      }),
    )

    const { questions } = traits
    if (questions === false) {
      test(
        'has no questions: it is never found waiting for an answer',
        within(async (harness, pane) => {
          await harness.keepBusy()
          expect((await pane.session.ask(ANSWER_MS))?.activity).toBe('busy')
          expect(pane.signals('activity').filter(({ activity }) => activity === 'waiting')).toEqual([])
        }),
      )
      return
    }
    test(
      'answers no question by a message that comes while it is open, and begins nothing with it before it is answered',
      within(async (harness, pane) => {
        const close = await questions(pane)
        const early = messageOf('y')
        const turns = pane.signals('turn')
        const canRefuse = pane.session.deliver !== undefined || pane.session.whileNoQuestion !== undefined
        if (canRefuse) {
          expect(await pane.attempt(early)).toMatchObject({ outcome: 'refused', because: 'dialog' })
          expect(pane.acceptances(early.id)).toEqual([])
        } else {
          // Typed into, it cannot say no: at most it keeps the message behind the question.
          await pane.deliver(early)
          expect(pane.acceptances(early.id).map(({ mode }) => mode)).toEqual(['queued'])
        }
        expect(await pane.session.ask(ANSWER_MS)).toMatchObject({ activity: 'waiting' })
        expect(harness.heard()).toEqual([])
        expect(pane.signals('turn')).toEqual(turns)
        await close()
        await pane.idle()
        if (canRefuse) await pane.deliver(early)
        await comesToHear(harness, early)
      }),
    )
  })
}
