/** What pi's own word says about the moment. */

import type { RuntimeState } from '../fleet-voice.ts'
import type { PiContext } from './pi-api.ts'

export function modelOf({ model }: PiContext): string | null {
  return model === undefined ? null : `${model.provider}/${model.id}`
}

export const idleOrDraft = ({ ui }: PiContext): RuntimeState['activity'] => (ui.getEditorText().trim() === '' ? 'idle' : 'draft')

/** Why pi would refuse any prompt now. */
export function refusalOf({ model, modelRegistry }: PiContext): string | undefined {
  if (model === undefined) return 'pi has no model: choose one with /model, or model_hint in the roster'
  if (modelRegistry.hasConfiguredAuth(model)) return undefined
  return `pi has no login for ${model.provider}: attach and use /login, or set its API key`
}
