/** One round: a scene is brought into a state, messages of some shapes are sent in one mode, and each is judged by what became of it. */

import { isSettled, type Receipt } from '@mosaic/domain/message'
import { until } from '@mosaic/testkit/until'
import { visible } from '../messages/contents.ts'
import type { Scene } from './scene.ts'
import { type Mode, rendered, type Sent, sendBy } from './senders.ts'
import { MENTIONED, type Shape, textOf } from './shapes.ts'
import { type Entered, type State, type StateUnderTest, stateUnderTest } from './states.ts'

/** How long a message waits for an agent that does not take any, milliseconds. */
const REFUSED_AFTER_MS = 5_000
const ACCEPTED_WITHIN_MS = 240_000

export interface Told {
  state: Receipt['state']
  reason: Receipt['reason']
  detail: string | null
  attempts: number
  /** How often it stood in the model's conversation. */
  heard: number
}

export interface Judged {
  shape: Shape
  /** `accepted`, `refused: <reason>`, or `RED`. */
  verdict: string
  /** What is wrong; empty unless RED. */
  causes: string[]
  messages: Told[]
}

export interface Round {
  scene: Scene
  state: State
  mode: Mode
  shapes: readonly Shape[]
  /** Rounds have numbers of their own in a scene. */
  n: number
}

/** Handed over, or waiting behind one that was: more does not happen as long as the agent is busy. */
const isUnderWay = ({ state, reason }: Receipt): boolean => isSettled(state) || state === 'injected' || reason === 'queued'

async function allUnderWay(scene: Scene, sent: readonly Sent[]): Promise<void> {
  const look = async () => (await Promise.all(sent.map(({ id }) => scene.receipt(id)))).every(isUnderWay)
  await until(look, { what: 'all of it handed over, or waiting its turn', everyMs: 50, withinMs: 120_000 })
}

/** Sends in the state, ends it, and waits until everything has become of the messages that will. */
async function act({ scene, state, mode, shapes, n }: Round): Promise<{ sent: Sent[]; wrong: string[] }> {
  const { enter, refuses, oneByOne, passing }: StateUnderTest = stateUnderTest[state]
  await scene.idle()
  const workedOff = async (some: readonly Sent[]) => {
    if (oneByOne !== true) return
    for (const { id } of some) if ((await scene.settled(id)).state === 'accepted') await scene.heard(id)
    await scene.idle()
  }
  const withinMs = refuses === undefined ? ACCEPTED_WITHIN_MS : REFUSED_AFTER_MS
  const send = () => sendBy(mode, { scene, shapes, withinMs, afterEach: workedOff })
  // A command takes longer to start than such a state lasts.
  const early = passing === true && mode === 'sender killed' ? send() : undefined
  early?.catch(() => {})
  let entered: Entered | undefined = await enter(scene, n)
  const leave = async () => {
    const { leave: end } = entered ?? {}
    entered = undefined
    return (await end?.()) ?? []
  }
  try {
    const sent = await (early ?? send())
    if (refuses !== undefined) for (const { id } of sent) await scene.settled(id)
    else if (oneByOne !== true && passing !== true) await allUnderWay(scene, sent)
    return { sent, wrong: await leave() }
  } finally {
    await leave().catch(() => [])
  }
}

/** A state that passes is entered anew for each shape. */
async function actAll(round: Round): Promise<{ sent: Sent[]; wrong: string[] }> {
  if (stateUnderTest[round.state].passing !== true) return act(round)
  const all: { sent: Sent[]; wrong: string[] } = { sent: [], wrong: [] }
  for (const shape of round.shapes) {
    const { sent, wrong } = await act({ ...round, shapes: [shape] })
    for (const { id } of sent) if ((await round.scene.settled(id)).state === 'accepted') await round.scene.heard(id).catch(() => undefined)
    all.sent.push(...sent)
    all.wrong.push(...wrong.map((text) => `${shape}: ${text}`))
  }
  return all
}

function causesOf(scene: Scene, sent: Sent, receipt: Receipt, state: State): string[] {
  const { refuses } = stateUnderTest[state]
  const heard = scene.ears.times(sent.id)
  const causes: string[] = []
  if (receipt.state === 'accepted') {
    if (heard === 0) causes.push('accepted, and the model was not given it: lost')
    if (heard > 1) causes.push(`the model was given it ${heard} times`)
    const asSent = rendered(receipt, visible(textOf(sent.shape)))
    const want = scene.runtime.composed?.(asSent) ?? asSent
    const got = scene.ears.text(sent.id)
    if (got !== undefined && got !== want)
      causes.push(`altered: ${want.length} characters became ${got.length}, ${differenceOf(want, got)}`)
  } else if (receipt.state === 'refused') {
    if (heard > 0) causes.push(`refused (${receipt.reason}), and the model was given it all the same`)
    if (receipt.reason !== refuses) causes.push(`refused: ${receipt.reason}, ${receipt.detail}`)
  } else causes.push(`${receipt.state}: ${receipt.reason}, ${receipt.detail}; the model was given it ${heard} times`)
  return causes
}

function differenceOf(want: string, got: string): string {
  let at = 0
  while (at < want.length && want[at] === got[at]) at += 1
  return `from character ${at}: ${JSON.stringify(want.slice(at, at + 40))} became ${JSON.stringify(got.slice(at, at + 40))}`
}

const verdictOf = (receipt: Receipt): string => (receipt.state === 'accepted' ? 'accepted' : `refused: ${receipt.reason}`)

/** What became of everything, when nothing more does: an agent that works on takes and answers one more message first. */
async function judge(round: Round, sent: readonly Sent[], wrong: readonly string[]): Promise<Judged[]> {
  const { scene, state, shapes } = round
  const receipts = new Map<string, Receipt>()
  for (const { id } of sent) receipts.set(id, await scene.settled(id))
  const accepted = sent.filter(({ id }) => receipts.get(id)?.state === 'accepted')
  for (const { id } of accepted) await scene.heard(id).catch(() => undefined)
  await scene.idle()
  await scene.accepted(`Thank you, that was round ${round.n}.`)
  await scene.idle()
  return shapes.map((shape) => {
    const own = sent.filter((one) => one.shape === shape)
    const causes = own.flatMap((one) => causesOf(scene, one, receipts.get(one.id) as Receipt, state))
    if (shape === 'looks like a command' && scene.ears.came.has(MENTIONED.content)) causes.push('the file that it mentions was read')
    const messages = own.map(({ id }) => {
      const { state: became, reason, detail, attempts } = receipts.get(id) as Receipt
      return { state: became, reason, detail, attempts, heard: scene.ears.times(id) }
    })
    const verdicts = [...new Set(own.map(({ id }) => verdictOf(receipts.get(id) as Receipt)))]
    const all = [...causes, ...wrong]
    return { shape, verdict: all.length > 0 ? 'RED' : verdicts.join(', '), causes: [...new Set(all)], messages }
  })
}

/** @returns one verdict for each shape; what kept a round from its end makes all of them RED */
export async function runRound(round: Round): Promise<{ cells: Judged[]; broken: boolean }> {
  const { scene, shapes } = round
  try {
    const { sent, wrong } = await actAll(round)
    const cells = await judge(round, sent, wrong)
    scene.ears.forget()
    return { cells, broken: false }
  } catch (error) {
    const causes = [reasonOf(error)]
    return { cells: shapes.map((shape) => ({ shape, verdict: 'RED', causes, messages: [] })), broken: true }
  }
}

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  const cause = error.cause instanceof Error ? `: ${error.cause.message}` : ''
  return `${error.message}${cause}`
}
