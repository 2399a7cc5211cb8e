/** What pi's own word says about the moment. */

import type { RuntimeState } from '../fleet-voice.ts'
import type { PiContext } from './pi-api.ts'

/** What pi calls the provider of a model that it made up because none can be used. */
const NO_PROVIDER = 'unknown'

export function modelOf({ model }: PiContext): string | null {
  return model === undefined || model.provider === NO_PROVIDER ? null : `${model.provider}/${model.id}`
}

/** Why pi would refuse any prompt now. */
export function refusalOf({ model, modelRegistry }: PiContext): string | undefined {
  if (model === undefined || model.provider === NO_PROVIDER) {
    return 'pi has no model: attach and use /login or /model, or set the API key of a provider'
  }
  if (modelRegistry.hasConfiguredAuth(model)) return undefined
  return `pi has no login for ${model.provider}: attach and use /login, or set its API key`
}

/** Nothing goes on; with the reason when nothing can. */
export function quietState(ctx: PiContext): Pick<RuntimeState, 'activity' | 'detail'> {
  if (ctx.ui.getEditorText().trim() !== '') return { activity: 'draft', detail: null }
  return { activity: 'idle', detail: refusalOf(ctx) ?? null }
}
