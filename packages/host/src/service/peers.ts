/**
 * Who is connected to the host service, and what one of them, and all together, may make it keep in memory. Whoever goes
 * beyond that is cut off, with a word if it reads; the others are served on.
 */

import type { Socket } from 'node:net'
import { FleetError, toErrorRecord } from '@mosaic/domain/error'
import { CONNECTION_ID, type LineFault, readLines, writeLine } from './wire.ts'

/** A 64 KiB message of control characters grows to a few hundred KiB. */
const MAX_REQUEST_BYTES = 1024 * 1024
/** Connections at the same time. */
const MAX_PEERS = 256
/** Requests of one peer that are not answered yet. */
export const MAX_REQUESTS = 1_024
/** The same of all peers, also of those that are gone. */
const MAX_ALL_REQUESTS = 8_192
/** Event streams of one peer. */
export const MAX_STREAMS = 4
/** Answers that wait for one peer to read them; beyond that it gets no other. */
const MAX_UNREAD_BYTES = 4 * 1024 * 1024
/** Requests, begun or under way, and unread answers of all peers. */
const MAX_HELD_BYTES = 64 * 1024 * 1024
/** Requests of one peer that were not to be answered: beyond that it is a flood. */
const MAX_REFUSALS = 1_000
/** How long a peer that is cut off may take to read why, milliseconds. */
const LAST_WORD_MS = 2_000
/** Words about peers in the log: one in so many milliseconds, or a peer could write the log full. */
const TELL_EVERY_MS = 10_000

const refused = (what: string, reason: string, mend: string): FleetError => new FleetError('refused', what, { reason, mend })

export const tooManyRequests = (): FleetError =>
  refused('too many requests at once over one connection', 'too-many-requests', 'wait for the answers of earlier requests')
export const tooManyStreams = (): FleetError =>
  refused('too many event streams over one connection', 'too-many-streams', 'end a stream that is not needed any more')
const overloaded = (): FleetError => refused('too many requests at the host service', 'too-many-requests', 'try again in a moment')
const tooManyPeers = (): FleetError =>
  refused('too many connections to the host service: those are ended that did nothing for the longest', 'too-many-peers', 'the same again')
const tooMuch = (): FleetError =>
  refused('more than the host service can keep in memory', 'too-large', 'send less at once, and read the answers')

const flood = (): FleetError => refused('request after request that cannot be answered', 'too-many-requests', 'heed the errors')

const FAULTS: Readonly<Record<LineFault, FleetError>> = {
  'too-long': refused(`a request of more than ${MAX_REQUEST_BYTES} bytes`, 'too-large', 'send less at once'),
  'no-object': new FleetError('invalid', 'bad request: not a JSON object on one line', {
    mend: 'use the same version of mosaic on both ends',
  }),
}

/** One connection. */
export class Peer {
  readonly socket: Socket
  readonly streams = new Map<number, AbortController>()
  readonly #peers: Peers
  #partialBytes = 0
  #requests = 0
  #requestBytes = 0
  #looks: Promise<unknown> = Promise.resolve()
  #refusals = 0
  #isCut = false
  hasAsked = false
  heardAtMs = performance.now()

  constructor(socket: Socket, peers: Peers) {
    this.socket = socket
    this.#peers = peers
  }

  get heldBytes(): number {
    return this.#partialBytes + this.#requestBytes + this.socket.writableLength
  }

  get isBusy(): boolean {
    return this.#requests > 0 || this.streams.size > 0
  }

  /** It cannot be given anything more to do. */
  get isFull(): boolean {
    return this.#requests >= MAX_REQUESTS
  }

  get isCut(): boolean {
    return this.#isCut
  }

  read(onRequest: (value: object, bytes: number) => void): void {
    readLines(
      this.socket,
      (value, bytes) => {
        if (this.#isCut) return
        this.hasAsked = true
        this.heardAtMs = performance.now()
        onRequest(value, bytes)
      },
      {
        maxBytes: MAX_REQUEST_BYTES,
        onFault: (fault) => this.cut(FAULTS[fault]),
        onHeld: (bytes) => {
          this.#partialBytes = bytes
          this.#peers.weigh()
        },
      },
    )
  }

  /** Does what one request asks for, and counts it until then. @throws FleetError `refused` when too many of all peers are under way */
  async carry<T>(bytes: number, act: () => Promise<T>): Promise<T> {
    using _ = this.#peers.request()
    this.#requests += 1
    this.#requestBytes += bytes
    try {
      this.#peers.weigh()
      return await act()
    } finally {
      this.#requests -= 1
      this.#requestBytes -= bytes
    }
  }

  /** One after the other: each starts a program. */
  inTurn<T>(look: () => Promise<T>): Promise<T> {
    const turn = this.#looks.then(look)
    this.#looks = turn.catch(() => {})
    return turn
  }

  /** False when the peer should be left to read first. */
  write(value: unknown): boolean {
    if (this.#isCut) return false
    if (this.socket.writableLength > MAX_UNREAD_BYTES) {
      this.cut(tooMuch())
      return false
    }
    const more = writeLine(this.socket, value)
    this.#peers.weigh()
    return more
  }

  /** Answers a request with an error that it could have spared itself. */
  refuse(id: number, error: FleetError): void {
    this.#refusals += 1
    if (this.#refusals > MAX_REFUSALS) this.cut(flood())
    else this.write({ id, error: toErrorRecord(error) })
  }

  /** Ends it, with the reason if it reads that in time. */
  cut(why: FleetError): void {
    if (this.#isCut) return
    this.#isCut = true
    this.#peers.tell(why.message)
    this.#partialBytes = 0
    for (const stream of this.streams.values()) stream.abort()
    const { socket } = this
    if (socket.writableLength > 0) {
      socket.destroy()
      return
    }
    // What it still sends is taken and dropped: its own write would fail before it has read the reason.
    socket.removeAllListeners('data').resume()
    writeLine(socket, { id: CONNECTION_ID, error: toErrorRecord(why) })
    if (why === FAULTS['too-long']) socket.end()
    else socket.destroySoon()
    const timer = setTimeout(() => socket.destroy(), LAST_WORD_MS)
    socket.once('close', () => clearTimeout(timer))
  }
}

/** Who is to go first: who never asked for anything, then who waits for nothing, then who was silent for longest. */
const firstToGo = (a: Peer, b: Peer): number =>
  Number(a.hasAsked) - Number(b.hasAsked) || Number(a.isBusy) - Number(b.isBusy) || a.heardAtMs - b.heardAtMs

export class Peers {
  readonly #log: (text: string) => void
  readonly #all = new Set<Peer>()
  #requests = 0
  #toldAtMs = Number.NEGATIVE_INFINITY
  #untold = 0

  constructor(log: (text: string) => void) {
    this.#log = log
  }

  /** The connection as a peer; another one goes for it where there are too many. */
  admit(socket: Socket): Peer {
    socket.on('error', () => {})
    const open = [...this.#all].filter(({ isCut }) => !isCut)
    if (open.length >= MAX_PEERS) open.sort(firstToGo)[0]?.cut(tooManyPeers())
    // No time for last words.
    if (this.#all.size >= 2 * MAX_PEERS) [...this.#all].find(({ isCut }) => isCut)?.socket.destroy()
    const peer = new Peer(socket, this)
    this.#all.add(peer)
    socket.on('close', () => {
      this.#all.delete(peer)
      for (const stream of peer.streams.values()) stream.abort()
    })
    return peer
  }

  /** Cuts off who holds most while all hold too much. */
  weigh(): void {
    let sum = 0
    let most: Peer | undefined
    for (const peer of this.#all) {
      sum += peer.heldBytes
      if (!peer.isCut && peer.heldBytes > (most?.heldBytes ?? 0)) most = peer
    }
    if (sum > MAX_HELD_BYTES) most?.cut(tooMuch())
  }

  /** A request is under way until it is disposed. @throws FleetError `refused` when too many are */
  request(): Disposable {
    if (this.#requests >= MAX_ALL_REQUESTS) throw overloaded()
    this.#requests += 1
    return { [Symbol.dispose]: () => (this.#requests -= 1) }
  }

  tell(why: string): void {
    const nowMs = performance.now()
    this.#untold += 1
    if (nowMs - this.#toldAtMs < TELL_EVERY_MS) return
    this.#log(this.#untold === 1 ? `a client was cut off: ${why}` : `${this.#untold} clients were cut off, the last one: ${why}`)
    this.#toldAtMs = nowMs
    this.#untold = 0
  }

  /** Ends every connection once it has read its last answers, at the latest after `graceMs`. */
  end(graceMs: number): NodeJS.Timeout {
    for (const { socket } of this.#all) socket.destroySoon()
    return setTimeout(() => {
      for (const { socket } of this.#all) socket.destroy()
    }, graceMs)
  }
}
