/** What the environment tells the stub. */

import { type VoicePlaces, voicePlaces } from '../../fleet-voice.ts'

const DEFAULT_THINK_MS = 30
const MAX_THINK_MS = 3_600_000

export interface StubSettings {
  title: string
  model: string
  /** How long it thinks about each message, milliseconds: `MOSAIC_STUB_THINK_MS`. */
  thinkMs: number
  /** Absent outside a fleet. */
  places: VoicePlaces | undefined
  resume: boolean
}

function thinkMsOf(text: string | undefined): number {
  const ms = text === undefined || text === '' ? Number.NaN : Number(text)
  return ms >= 0 ? Math.min(ms, MAX_THINK_MS) : DEFAULT_THINK_MS
}

export function stubSettings(env: Readonly<Record<string, string | undefined>>): StubSettings {
  const model = env['MOSAIC_MODEL'] || 'stub'
  return {
    title: ` stub · ${env['MOSAIC_AGENT'] || 'no fleet'} · ${model}`,
    model,
    thinkMs: thinkMsOf(env['MOSAIC_STUB_THINK_MS']),
    places: voicePlaces(env),
    resume: env['MOSAIC_RESUME'] === '1',
  }
}
