/** `mosaic agent edit`: the same change as `fleet edit`, for those who think of the agent first. */

import { defineVerb, type Verb } from '../verb.ts'
import { verb as fleetEdit } from './fleet-edit.ts'

export const verb: Verb = defineVerb({
  ...fleetEdit,
  examples: [
    { command: 'mosaic agent edit coder0 --model opus', does: 'another model; just coder0 is restarted' },
    { command: 'mosaic agent edit coder0 --runtime pi --unset command', does: 'another runtime' },
  ],
})
