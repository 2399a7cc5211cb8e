/** Signals about a model call, from what pi says of it. */

import type { SignalBody } from '@mosaic/domain/signal'
import type { PiEvents, PiMessage } from './pi-api.ts'

const count = (value: number | undefined): number => (typeof value === 'number' && Number.isFinite(value) ? value : 0)

/**
 * @param call number of the call in this process: with the session and the message's time it is unique for ever
 * `reasoning` is part of `output`.
 */
export function usageSignal(message: PiMessage, session: string, call: number): SignalBody {
  const { usage = {}, provider, model } = message
  return {
    kind: 'usage',
    key: `pi:${session}:${message.timestamp ?? Date.now()}:${process.pid}:${call}`,
    usage: {
      input: count(usage.input),
      output: count(usage.output),
      cache_read: count(usage.cacheRead),
      cache_write: count(usage.cacheWrite),
      reasoning: count(usage.reasoning),
      cost_usd: usage.cost?.total ?? null,
      model: model === undefined ? null : provider === undefined ? model : `${provider}/${model}`,
    },
  }
}

/** When the provider takes requests again, epoch milliseconds, from `retry-after` (seconds, or a date). */
function retryAt(headers: Readonly<Record<string, string>>): number | null {
  const value = headers['retry-after']
  if (value === undefined) return null
  const seconds = Number(value)
  const at = Number.isFinite(seconds) ? Date.now() + seconds * 1000 : Date.parse(value)
  return Number.isFinite(at) ? at : null
}

export function errorSignal(message: PiMessage, response: PiEvents['after_provider_response'] | undefined): SignalBody {
  const status = response?.status ?? 0
  const reason = status === 429 ? 'rate-limited' : status === 401 || status === 403 ? 'auth' : status >= 500 ? 'provider' : 'model'
  return {
    kind: 'error',
    reason,
    detail: message.errorMessage ?? 'the model call failed',
    until: response === undefined ? null : retryAt(response.headers),
  }
}

/** The model calls of one process. */
export class ModelCalls {
  #count = 0
  /** The last call that was not broken off. */
  #failed = false
  #response: PiEvents['after_provider_response'] | undefined

  responded(event: PiEvents['after_provider_response']): void {
    this.#response = event
  }

  /** What there is to say of a call that ended. */
  ended(message: PiMessage, session: string): SignalBody[] {
    this.#count += 1
    const response = this.#response
    this.#response = undefined
    const failed = message.stopReason === 'error'
    // One that a person broke off shows nothing.
    const recovered = this.#failed && !failed && message.stopReason !== 'aborted'
    this.#failed = failed || (this.#failed && !recovered)
    return [
      ...(message.usage === undefined ? [] : [usageSignal(message, session, this.#count)]),
      ...(failed ? [errorSignal(message, response)] : []),
      ...(recovered ? [{ kind: 'recovered' as const }] : []),
    ]
  }
}
