/** Who sends: one, two at the same time, or one that is killed. */

import type { Receipt } from '@mosaic/domain/message'
import { until } from '@mosaic/testkit/until'
import { spooled } from '../messages/spooled.ts'
import { AGENT, newMessageId, type Scene } from './scene.ts'
import { type Shape, textOf } from './shapes.ts'

export const MODES = ['one sender', 'two senders', 'sender killed'] as const
export type Mode = (typeof MODES)[number]

export interface Sent {
  id: string
  shape: Shape
  from: string
}

/** Where the sending process is killed. */
const KILLED_AT = ['its start', 'the store'] as const

export interface Sending {
  scene: Scene
  shapes: readonly Shape[]
  /** Until then it is accepted or refused. */
  withinMs: number
  /** Called after each, where one has to be worked off before the next. */
  afterEach: (sent: readonly Sent[]) => Promise<void>
}

async function oneSends({ scene, shapes, withinMs, afterEach }: Sending): Promise<Sent[]> {
  const all: Sent[] = []
  for (const shape of shapes) {
    const { id, from } = await scene.send(textOf(shape), { withinMs })
    all.push({ id, from, shape })
    await afterEach(all.slice(-1))
  }
  return all
}

async function twoSend({ scene, shapes, withinMs, afterEach }: Sending): Promise<Sent[]> {
  const senders = await Promise.all(['ci', 'cron'].map(async (from) => ({ from, client: await scene.client() })))
  const all: Sent[] = []
  for (const shape of shapes) {
    const both = await Promise.all(senders.map((sender) => scene.send(textOf(shape), { ...sender, withinMs })))
    all.push(...both.map(({ id, from }) => ({ id, from, shape })))
    await afterEach(all.slice(-both.length))
  }
  return all
}

/** A command that is killed; whoever does not know what became of it sends it again, by its id. */
async function isKilled({ scene, withinMs }: Sending, shape: Shape, at: (typeof KILLED_AT)[number]): Promise<Sent> {
  const id = newMessageId()
  const text = textOf(shape)
  const args = ['agent', 'send', AGENT, '--id', id, '--file', '-', '--verify', '--verify-timeout', String(withinMs)]
  let ended = false
  const kill = async (child: { kill(signal: 'SIGKILL'): boolean }) => {
    if (at === 'the store') await until(() => ended || spooled(scene.fleet).includes(id), { everyMs: 2, withinMs: 120_000 })
    child.kill('SIGKILL')
  }
  await scene.fleet.mosaic(args, { stdin: text, onStart: (child) => void child.once('spawn', () => void kill(child).catch(() => {})) })
  ended = true
  const { from } = await scene.send(text, { id, withinMs })
  return { id, from, shape }
}

async function killedSends(sending: Sending): Promise<Sent[]> {
  const all: Sent[] = []
  for (const shape of sending.shapes) {
    const killed = await Promise.all(KILLED_AT.map((at) => isKilled(sending, shape, at)))
    all.push(...killed)
    await sending.afterEach(killed)
  }
  return all
}

const SENDERS: Readonly<Record<Mode, (sending: Sending) => Promise<Sent[]>>> = {
  'one sender': oneSends,
  'two senders': twoSend,
  'sender killed': killedSends,
}

export const sendBy = (mode: Mode, sending: Sending): Promise<Sent[]> => SENDERS[mode](sending)

export const rendered = ({ from, to, id }: Receipt, text: string): string => `[${from} -> ${to} #${id}]\n${text}`
