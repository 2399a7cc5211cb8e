/** The states that an agent can be in when a message comes: how each is brought about, and what must be true at its end. */

import { existsSync } from 'node:fs'
import type { BlockReason } from '@mosaic/domain/message'
import { treeOf } from '@mosaic/host/processes'
import { freeze, killNine } from '@mosaic/testkit/faults'
import { until } from '@mosaic/testkit/until'
import { AGENT, type Scene } from './scene.ts'

export const STATES = [
  'idle',
  'busy: streaming',
  'busy: tool call',
  'waiting for permission',
  'starting',
  'resetting',
  'hung',
  'dead',
] as const
export type State = (typeof STATES)[number]

/** A state in force. */
export interface Entered {
  /** Ends it, and tells what must not have happened. It ends also when that throws. */
  leave(): Promise<string[]>
}

export interface StateUnderTest {
  /** The host service's settings. */
  env?: Readonly<Record<string, string>>
  /** Absent: every message is accepted. Else the true reason why none is, as long as the state lasts. */
  refuses?: BlockReason
  /** It passes by itself: messages are sent in its midst, and it is awaited afterwards. */
  passing?: boolean
  /** The agent answers in between: one message, its turn, the next. */
  oneByOne?: boolean
  enter(scene: Scene, n: number): Promise<Entered>
}

const WITHIN_MS = 180_000
const QUICK = { MOSAIC_RESTART_DELAY_MS: '100', MOSAIC_RESTART_MAX: '1000' }
/** Long enough for whatever is sent to an ended agent; it is started by request then. */
const SLOW = { MOSAIC_RESTART_DELAY_MS: '600000', MOSAIC_RESTART_MAX: '1000' }

/** What starts a turn, for the script to know it by. */
const wordFor = (what: string, n: number): string => `Please ${what}, number ${n}.`

async function streaming(scene: Scene, n: number): Promise<Entered> {
  const word = wordFor('talk until you are told to stop', n)
  const { promise: stop, resolve } = Promise.withResolvers<void>()
  const text = 'I am still talking. '.repeat(40)
  scene.llm.rule({ when: { contains: word }, reply: { text, holdUntil: stop, usage: { input: 100, output: 200 } }, times: 1 })
  await scene.send(word)
  await scene.agentThat('busy', ({ activity }) => activity === 'busy')
  await until(() => scene.llm.openCount() > 0, { what: 'the answer that goes on', withinMs: WITHIN_MS })
  return {
    leave: async () => {
      const early = scene.llm.openCount() === 0
      resolve()
      return early ? ['the answer that was going on was broken off'] : []
    },
  }
}

async function toolCall(scene: Scene, n: number): Promise<Entered> {
  const word = wordFor('run the long command', n)
  scene.llm.rule({ when: { contains: word }, reply: scene.runtime.runs(`cat ${scene.places.gate}`), times: 1 })
  await scene.send(word)
  const release = await scene.holdGate()
  await scene.agentThat('busy', ({ activity }) => activity === 'busy')
  return {
    leave: async () => {
      release()
      return []
    },
  }
}

/** Opens a question. */
async function ask(scene: Scene, n: number): Promise<void> {
  const { asks } = scene.runtime
  if (asks.by === 'typing') return scene.fleet.type(AGENT, asks.command)
  const word = wordFor('touch the file', n)
  scene.llm.rule({ when: { contains: word }, reply: scene.runtime.runs(`touch ${scene.places.touched}`), times: 1 })
  await scene.send(word)
}

async function waiting(scene: Scene, n: number): Promise<Entered> {
  await ask(scene, n)
  await scene.agentThat('waiting', ({ activity }) => activity === 'waiting')
  const { asks } = scene.runtime
  const before = await scene.screen()
  return {
    leave: async () => {
      const wrong: string[] = []
      // What an agent does is known only while it answers, and on a machine under load it may just be late.
      const { activity } = await scene.agentThat('answering', (record) => record.activity !== null)
      if (activity !== 'waiting') wrong.push(`the question is not open any more: ${activity}`)
      if (existsSync(scene.places.touched)) wrong.push('the question was answered: its command ran')
      const now = await scene.screen()
      if (asks.by === 'typing' && now.includes(asks.approved) && !before.includes(asks.approved)) wrong.push('the question was answered')
      // A person says no.
      await scene.keys('Escape')
      await scene.idle()
      if (existsSync(scene.places.touched)) wrong.push('its command ran after all')
      return wrong
    },
  }
}

async function starting(scene: Scene): Promise<Entered> {
  const before = await scene.processId()
  const client = await scene.client()
  const restarted = client.restart([AGENT])
  restarted.catch(() => {})
  await scene.agentThat('launched', ({ pid }) => pid !== null && pid !== before)
  return {
    leave: async () => {
      const [outcome] = await restarted
      await scene.idle()
      return outcome?.did === 'restarted' ? [] : [`it was not restarted: ${JSON.stringify(outcome)}`]
    },
  }
}

async function resetting(scene: Scene): Promise<Entered> {
  const client = await scene.client()
  const reset = client.reset(AGENT, { newSession: false })
  reset.catch(() => {})
  return {
    leave: async () => {
      const { did, detail } = await reset
      await scene.idle()
      return did === 'reset' || did === 'new-session' ? [] : [`it was not reset: ${did}, ${detail}`]
    },
  }
}

async function hung(scene: Scene): Promise<Entered> {
  const frozen = await freeze(treeOf(await scene.processId()))
  return {
    leave: async () => {
      await frozen.thaw()
      await scene.idle()
      return []
    },
  }
}

async function dead(scene: Scene): Promise<Entered> {
  const before = await scene.processId()
  killNine(before)
  await scene.agentThat('dead', ({ health }) => health === 'dead')
  return {
    leave: async () => {
      const wrong = (await scene.agent()).health === 'dead' ? [] : ['it came back before anything was sent']
      await (await scene.client()).start([AGENT])
      await scene.idle()
      return wrong
    },
  }
}

export const stateUnderTest: Readonly<Record<State, StateUnderTest>> = {
  idle: { oneByOne: true, enter: async (scene) => scene.idle().then(() => ({ leave: async () => [] })) },
  'busy: streaming': { enter: streaming },
  'busy: tool call': { enter: toolCall },
  'waiting for permission': { refuses: 'dialog', enter: waiting },
  starting: { passing: true, enter: starting },
  resetting: { passing: true, enter: resetting },
  hung: { refuses: 'hung', enter: hung },
  dead: { refuses: 'dead', env: SLOW, enter: dead },
}

export const settingsOf = (state: State): Readonly<Record<string, string>> => stateUnderTest[state].env ?? QUICK
