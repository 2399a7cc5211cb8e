/** Profiles (system types): a roster and its topology as data. */

import { z } from 'zod'
import { AGENT_CLASSES } from './role.ts'

export const ProfileSchema = z
  .strictObject({
    id: z.string().regex(/^[a-z][a-z0-9-]*$/),
    title: z.string().min(1),
    description: z.string().min(1),
    lead: z.enum(AGENT_CLASSES),
    floor: z.array(z.enum(AGENT_CLASSES)),
    roster: z
      .array(
        z.strictObject({
          class: z.enum(AGENT_CLASSES),
          reports_to: z.enum(AGENT_CLASSES).optional(),
          multiplicity: z.number().int().min(1).max(64),
          lifecycle: z.enum(['core', 'ephemeral']),
        }),
      )
      .min(1),
  })
  .describe('A system type.')
export type Profile = z.infer<typeof ProfileSchema>

/**
 * Agent names of a profile in order. The only orchestrator or enhancer has its class as name; any other class counts its
 * seats over the whole profile, `coder0` to `coderN-1`.
 */
export function seatsOf(profile: Profile): { name: string; class: Profile['lead']; lifecycle: 'core' | 'ephemeral' }[] {
  const totals = new Map<Profile['lead'], number>()
  for (const entry of profile.roster) totals.set(entry.class, (totals.get(entry.class) ?? 0) + entry.multiplicity)
  const taken = new Map<Profile['lead'], number>()
  return profile.roster.flatMap(({ class: seatClass, lifecycle, multiplicity }) =>
    Array.from({ length: multiplicity }, () => {
      const index = taken.get(seatClass) ?? 0
      taken.set(seatClass, index + 1)
      const alone = totals.get(seatClass) === 1 && (seatClass === 'orchestrator' || seatClass === 'enhancer')
      return { name: alone ? seatClass : `${seatClass}${index}`, class: seatClass, lifecycle }
    }),
  )
}
