/** Reading and steering a model server that runs as a program of its own. */

import type { ServerResponse } from 'node:http'
import { toErrorRecord } from '@mosaic/domain/error'
import { sendJson } from './exchange.ts'
import { parseScript } from './script-document.ts'
import type { FakeLlm } from './server.ts'

const REQUESTS_PATH = '/_admin/requests'
const SCRIPT_PATH = '/_admin/script'

export const isAdminPath = (path: string): boolean => path.startsWith('/_admin/')

function decide(llm: FakeLlm, request: string, body: string): { status: number; body: unknown } {
  switch (request) {
    case `GET ${REQUESTS_PATH}`:
      return { status: 200, body: { modelRequests: llm.modelRequestCount(), requests: llm.requests() } }
    case `DELETE ${REQUESTS_PATH}`:
      llm.clearRequests()
      return { status: 200, body: { modelRequests: 0, requests: [] } }
    case `PUT ${SCRIPT_PATH}`:
    case `POST ${SCRIPT_PATH}`:
      llm.script(parseScript(body))
      return { status: 200, body: { accepted: true } }
    default:
      return { status: 404, body: { error: { code: 'not_found', message: `no such path: ${request}` } } }
  }
}

/** `GET|DELETE /_admin/requests`, `PUT|POST /_admin/script`. */
export function administer(llm: FakeLlm, request: { method: string; path: string; body: string }, response: ServerResponse): void {
  try {
    const { status, body } = decide(llm, `${request.method} ${request.path}`, request.body)
    sendJson(response, status, body)
  } catch (error) {
    sendJson(response, 400, { error: toErrorRecord(error) })
  }
}
