/** Handing a message over: to the host service when it runs, else to the spool, where it waits for one. */

import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { parseAddress } from '@mosaic/domain/address'
import { FleetError } from '@mosaic/domain/error'
import type { Receipt } from '@mosaic/domain/message'
import { messageText, utf8Length } from '@mosaic/domain/message-text'
import type { ServiceClient } from '@mosaic/host/service/client'
import type { Context } from '../context.ts'
import { noAgent, readDefinition } from '../fleet/open.ts'
import { senderAddress } from './sender.ts'

/** How long after the deadline the host service may take to settle a receipt, milliseconds: more than a runtime may take to answer. */
const SETTLE_GRACE_MS = 7_000
/** How long after that its answer may take, milliseconds. */
const ANSWER_GRACE_MS = 2_000
/** How long a send that does not wait for its acceptance may take, milliseconds. */
const STORE_WITHIN_MS = 20_000
/** Host services that may be killed under one send before it gives up. */
const MAX_ATTEMPTS = 5

export interface Outgoing {
  /** Sending it again delivers nothing twice. */
  id: string
  to: string
  /** As given by the sender. */
  content: string
  label: string | undefined
  urgent: boolean
}

interface Handed {
  receipt: Receipt
  /** False when nothing was, so that the receipt's id leads nowhere. */
  stored: boolean
}

const elsewhere = (name: string, host: string): FleetError =>
  new FleetError('refused', `${name} lives on host ${host}, and this version sends only to agents of this host`, {
    mend: `ssh ${host} mosaic agent send ${name} ...`,
    reason: 'other-host',
  })

/** A receipt for what was never stored, because it could not be accepted. */
function notRunning(message: Outgoing, from: string, to: string, detail: string): Receipt {
  const address = parseAddress(to)
  return {
    id: message.id,
    tenant_id: address?.tenant_id ?? '',
    host: address?.host ?? '',
    from,
    to,
    state: 'refused',
    reason: 'not-running',
    detail,
    signal: null,
    mode: null,
    attempts: 0,
    bytes: utf8Length(message.content),
    created_at: new Date().toISOString(),
    injected_at: null,
    accepted_at: null,
    latency_ms: null,
  }
}

/** What became of an earlier send of the same id, if there was one. */
function earlier(client: ServiceClient, id: string): Promise<Receipt | undefined> {
  return client.receipt(id).catch((error: unknown) => {
    if (error instanceof FleetError && error.code === 'not_found') return undefined
    throw error
  })
}

interface Attempt {
  deadlineAtMs: number | undefined
  /** The message has gone out, now or in an earlier attempt. */
  sent: boolean
}

/** Sends through the host service; with a deadline waits until the receipt is settled or it is that time. */
async function throughService(context: Context, client: ServiceClient, message: Outgoing, attempt: Attempt): Promise<Handed> {
  const { deadlineAtMs } = attempt
  const snapshot = await client.snapshot()
  const agent = snapshot.agents.find(({ name }) => name === message.to)
  if (agent === undefined) throw noAgent(message.to)
  if (agent.host !== snapshot.host) throw elsewhere(agent.name, agent.host)
  const from = senderAddress(context.world.env, snapshot, message.label)
  const to = `${agent.tenant_id}@${agent.host}:${agent.name}`
  const canAccept = agent.supervisor.wanted
  if (deadlineAtMs !== undefined && !canAccept && (await earlier(client, message.id)) === undefined)
    return { receipt: notRunning(message, from, to, 'it is stopped; nothing was stored'), stored: false }
  const { id, urgent, content: text } = message
  const deadline = deadlineAtMs === undefined ? {} : { deadlineAtMs }
  const look = `see: mosaic agent receipt ${id}`
  context.goesOnInBackground(`the message may have been stored; ${look}`)
  attempt.sent = true
  const stored = await client.send({ id, to: agent.name, from, text, urgent, ...deadline })
  context.goesOnInBackground(
    `the message is stored, and ${deadlineAtMs === undefined ? 'is delivered' : 'delivered until its time is up'}; ${look}`,
  )
  // Of a stopped agent only an earlier send is here: what is known of it is the answer.
  if (deadlineAtMs === undefined || !canAccept) return { receipt: stored, stored: true }
  context.progress.say(`waiting for ${agent.name} to accept`)
  return { receipt: await client.waitForReceipt(id, Math.max(0, deadlineAtMs - Date.now()) + SETTLE_GRACE_MS), stored: true }
}

/** Without a host service: stored for the next one, never delivered from here. */
async function intoSpool(context: Context, message: Outgoing, verify: boolean): Promise<Handed> {
  const fleet = await readDefinition(context)
  const agent = fleet.agents.find(({ name }) => name === message.to)
  if (agent === undefined) throw noAgent(message.to)
  if (!agent.local) throw elsewhere(agent.name, agent.address.host)
  const from = senderAddress(context.world.env, { tenant_id: fleet.tenantId, host: fleet.host }, message.label)
  const sender = parseAddress(from)
  if (sender === undefined) throw new FleetError('invalid', `${JSON.stringify(from)} is not an address`)
  const text = messageText(message.content)
  const { tenant_id, host, session } = agent.address
  const to = `${tenant_id}@${host}:${session}`
  const nothing = () => ({ receipt: notRunning(message, from, to, 'the fleet does not run; nothing was stored'), stored: false })
  // Opening would make an empty one.
  if (verify && !existsSync(join(context.paths.spool, 'spool.db'))) return nothing()
  const { openSpool } = await import('@mosaic/host/mailbox/spool')
  using spool = openSpool(context.paths)
  if (verify && spool.receipt(message.id) === undefined) return nothing()
  const { id, urgent } = message
  const receipt = spool.store({ id, from: sender, to: agent.address, text, urgent, createdAtMs: Date.now(), deadlineAtMs: undefined })
  return { receipt, stored: true }
}

export interface Delivery extends Handed {
  /** False when it waits in the spool for a host service. */
  serviceRuns: boolean
}

/** The host service that runs, or that is brought back because this agent is meant to run. */
async function serviceFor(context: Context, name: string): Promise<ServiceClient | undefined> {
  const running = await context.service()
  if (running !== undefined) return running
  const { readRecord } = await import('@mosaic/host/supervisor/embedded/record')
  if (readRecord(context.paths).agents[name]?.wanted !== true) return undefined
  await context.disconnect()
  return context.ensureService()
}

const wentAway = (error: unknown): error is FleetError => error instanceof FleetError && error.reason === 'observer_down'

/** Nobody is there to say what became of it. */
const mayBeStored = (error: FleetError, id: string): FleetError =>
  new FleetError('not_done', `${error.message}; message ${id} may have been stored`, {
    reason: 'observer_down',
    mend: `mosaic agent receipt ${id}, or the same send with --id ${id}`,
    cause: error,
  })

/** Settles in time, or fails as of a host service that does not answer. */
async function within<T>(ms: number, act: Promise<T>): Promise<T> {
  const { silentService } = await import('@mosaic/host/service/client')
  let timer: NodeJS.Timeout | undefined
  const silence = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(silentService(ms)), ms)
  })
  try {
    return await Promise.race([act, silence])
  } finally {
    clearTimeout(timer)
  }
}

/**
 * A host service that is killed in the middle is asked again once it is back, while there is time: the same id is stored
 * and delivered once. One that does not answer is not waited for beyond that.
 * @param verifyMs how long to wait for the acceptance; `undefined`: not at all
 */
export async function deliver(context: Context, message: Outgoing, verifyMs: number | undefined): Promise<Delivery> {
  const startedAtMs = Date.now()
  const attempt: Attempt = { deadlineAtMs: verifyMs === undefined ? undefined : startedAtMs + verifyMs, sent: false }
  const endAtMs = startedAtMs + (verifyMs === undefined ? STORE_WITHIN_MS : verifyMs + SETTLE_GRACE_MS + ANSWER_GRACE_MS)
  let client = await serviceFor(context, message.to)
  if (client === undefined) return { ...(await intoSpool(context, message, verifyMs !== undefined)), serviceRuns: false }
  for (let count = 1; ; count += 1) {
    try {
      // What bringing it back took is not its answer's time.
      const leftMs = Math.max(ANSWER_GRACE_MS, endAtMs - Date.now())
      return { ...(await within(leftMs, throughService(context, client, message, attempt))), serviceRuns: true }
    } catch (error) {
      if (!wentAway(error)) throw error
      await context.disconnect()
      const again = count < MAX_ATTEMPTS && Date.now() < endAtMs
      client = again ? await serviceFor(context, message.to).catch(() => undefined) : undefined
      if (client === undefined) throw attempt.sent ? mayBeStored(error, message.id) : error
    }
  }
}
