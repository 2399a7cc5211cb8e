/** The calls of OpenCode's server that are used, each bounded and read defensively. */

import { type Fields, fieldsOf, listOf, textOf } from '../fields.ts'
import { busySessions, type Pending, permissionOf, questionOf, type StoredMessage, storedMessageOf } from './api.ts'
import type { ModelName } from './config.ts'
import type { Reply, ServerClient } from './server-client.ts'

/** The first call of a conversation may wait for what the server sets up, on a machine under load. */
const CALL_MS = 30_000
const PAGE = 100
/** Pages of messages that are read at most to catch up. */
const MAX_PAGES = 20

export interface Prompt {
  messageID: string
  partID: string
  text: string
  agent: string | undefined
  model: ModelName | undefined
  variant: string | undefined
}

export interface SessionFacts {
  agent: string | undefined
  isChild: boolean
}

export class SessionsApi {
  readonly #server: ServerClient

  constructor(server: ServerClient) {
    this.#server = server
  }

  /** Sessions at work; `undefined` when it did not answer. */
  async busy(timeoutMs = CALL_MS): Promise<Map<string, Fields> | undefined> {
    const body = await this.#server.get('/session/status', timeoutMs)
    return body === undefined ? undefined : busySessions(body)
  }

  /** What waits for a person; `undefined` when it did not answer. */
  async pending(timeoutMs = CALL_MS): Promise<Pending[] | undefined> {
    const [permissions, questions] = await Promise.all(['/permission', '/question'].map((path) => this.#server.get(path, timeoutMs)))
    if (permissions === undefined || questions === undefined) return undefined
    return [...listOf(permissions).map(permissionOf), ...listOf(questions).map(questionOf)].filter((found) => found !== undefined)
  }

  /** `undefined`: there is no such session; `silent`: it did not say. */
  async session(id: string): Promise<SessionFacts | undefined | 'silent'> {
    const reply = await this.#server.call({ method: 'GET', path: `/session/${id}`, timeoutMs: CALL_MS })
    if (reply.got !== 'answer') return 'silent'
    if (reply.status === 404) return undefined
    if (reply.status !== 200) return 'silent'
    const fields = fieldsOf(reply.body)
    return { agent: textOf(fields['agent']), isChild: textOf(fields['parentID']) !== undefined }
  }

  /** A title of its own spares the call of a model that would make one. */
  async create(title: string): Promise<string | undefined> {
    const reply = await this.#server.call({ method: 'POST', path: '/session', body: { title }, timeoutMs: CALL_MS })
    return reply.got === 'answer' && reply.status === 200 ? textOf(fieldsOf(reply.body)['id']) : undefined
  }

  /** Makes the terminal show this session. */
  async show(sessionID: string): Promise<void> {
    await this.#server.call({ method: 'POST', path: '/tui/select-session', body: { sessionID }, timeoutMs: CALL_MS })
  }

  async abort(sessionID: string): Promise<boolean> {
    const reply = await this.#server.call({ method: 'POST', path: `/session/${sessionID}/abort`, body: {}, timeoutMs: CALL_MS })
    return reply.got === 'answer' && reply.status === 200
  }

  prompt(sessionID: string, { messageID, partID, text, agent, model, variant }: Prompt): Promise<Reply> {
    const body = {
      messageID,
      ...(agent === undefined ? {} : { agent }),
      ...(model === undefined ? {} : { model }),
      ...(variant === undefined ? {} : { variant }),
      parts: [{ id: partID, type: 'text', text }],
    }
    return this.#server.call({ method: 'POST', path: `/session/${sessionID}/prompt_async`, body, timeoutMs: CALL_MS })
  }

  /** `silent`: it did not say whether it has the message. */
  async message(sessionID: string, messageID: string): Promise<StoredMessage | undefined | 'silent'> {
    const reply = await this.#server.call({ method: 'GET', path: `/session/${sessionID}/message/${messageID}`, timeoutMs: CALL_MS })
    if (reply.got !== 'answer' || (reply.status !== 200 && reply.status !== 404)) return 'silent'
    return reply.status === 404 ? undefined : storedMessageOf(reply.body)
  }

  /** The newest messages, oldest first; `undefined` when it did not answer. */
  async newest(sessionID: string, limit: number): Promise<StoredMessage[] | undefined> {
    return (await this.#page(sessionID, limit, undefined))?.messages
  }

  /** Messages from the newest back to, and with, the first for which `isKnown` holds; oldest first, bounded. */
  async since(sessionID: string, isKnown: (message: StoredMessage) => boolean): Promise<StoredMessage[] | undefined> {
    const found: StoredMessage[] = []
    let before: string | undefined
    for (let pages = 0; pages < MAX_PAGES; pages += 1) {
      const page = await this.#page(sessionID, PAGE, before)
      if (page === undefined) return undefined
      found.unshift(...page.messages)
      if (page.before === undefined || page.messages.some(isKnown)) break
      before = page.before
    }
    return found
  }

  async children(sessionID: string): Promise<string[]> {
    const body = await this.#server.get(`/session/${sessionID}/children`, CALL_MS)
    return listOf(body).flatMap((child) => textOf(fieldsOf(child)['id']) ?? [])
  }

  async #page(sessionID: string, limit: number, before: string | undefined) {
    const cursor = before === undefined ? '' : `&before=${encodeURIComponent(before)}`
    const path = `/session/${sessionID}/message?limit=${limit}${cursor}`
    const reply = await this.#server.call({ method: 'GET', path, timeoutMs: CALL_MS })
    if (reply.got !== 'answer' || reply.status !== 200) return undefined
    const messages = listOf(reply.body)
      .map(storedMessageOf)
      .filter((message) => message !== undefined)
    return { messages, before: reply.next }
  }
}
