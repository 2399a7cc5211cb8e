import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Receipt } from '@mosaic/domain/message'
import { until } from '@mosaic/testkit/until'
import { expect, it } from 'vitest'
import { FleetUnderTest } from '../fleet-under-test.ts'
import { CORE, writeCast } from './cast.ts'
import { filled, KIB } from './contents.ts'
import { Sender } from './sender.ts'

/** At least; more until the question has opened often enough. */
const SENDS = 120
const QUESTIONS = 12
const QUESTION = 'Remove everything?'

/** Sizes whose bytes reach the program in one read, and in many. */
const textOf = (n: number) => (n % 3 === 0 ? filled(32 * KIB, '漢', n % 3) : `message ${n}`)

it('a question that opens in any moment of a delivery is never answered by it, and what is accepted is taken once', async () => {
  await using fleet = await FleetUnderTest.make()
  writeCast(fleet, CORE, { MOSAIC_STUB_THINK_MS: '0' })
  await fleet.ok(['fleet', 'up'])
  await using sender = await Sender.connect(fleet)
  const notices = () =>
    readFileSync(join(fleet.paths.stateOf('orchestrator'), 'transcript.jsonl'), 'utf8')
      .split('\n')
      .filter(Boolean)
      .map((line) => JSON.parse(line) as { role: string; text: string })
      .filter(({ role }) => role === 'notice')
      .map(({ text }) => text)

  let sending = true
  let asked = 0
  /** A person who has the runtime ask, at moments that have nothing to do with the sends, and says no. */
  const person = async () => {
    const denials = () => notices().filter((text) => text.startsWith('denied')).length
    while (sending) {
      await fleet.type('orchestrator', `/ask ${QUESTION}`)
      asked += 1
      await sender.activityOf('orchestrator', 'waiting')
      await new Promise((resolve) => setTimeout(resolve, Math.random() * 30))
      await fleet.home.tmux('send-keys', '-t', '=orchestrator:', 'n')
      await until(() => denials() === asked)
      await new Promise((resolve) => setTimeout(resolve, Math.random() * 60))
    }
  }
  const sends = async () => {
    const receipts: Receipt[] = []
    try {
      for (let n = 0; n < SENDS || asked < QUESTIONS; n += 1)
        receipts.push(await sender.verified('orchestrator', textOf(n), { withinMs: 60_000 }))
    } finally {
      sending = false
    }
    return receipts
  }
  const [receipts] = await Promise.all([sends(), person()])

  expect(asked).toBeGreaterThanOrEqual(QUESTIONS)
  expect(notices()).toEqual(Array.from({ length: asked }, () => `denied: ${QUESTION}`))
  expect(receipts.map(({ state, attempts }) => [state, attempts])).toEqual(receipts.map(() => ['accepted', 1]))
  await until(() => fleet.taken('orchestrator').length === receipts.length)
  const wanted = receipts.map(({ id }, n) => `[acme@box:operator -> acme@box:orchestrator #${id}]\n${textOf(n)}`)
  expect(fleet.taken('orchestrator').map((text, n) => text === wanted[n])).toEqual(wanted.map(() => true))
})
