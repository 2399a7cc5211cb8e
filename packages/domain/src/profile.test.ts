import { describe, expect, test } from 'vitest'
import { nameProblem } from './address.ts'
import { type Profile, ProfileSchema, seatsOf } from './profile.ts'
import { classOfName } from './role.ts'

const profileOf = (...roster: [Profile['lead'], number][]): Profile => ({
  id: 'p',
  title: 'P',
  description: 'd',
  lead: 'orchestrator',
  floor: [],
  roster: roster.map(([seatClass, multiplicity]) => ({ class: seatClass, multiplicity, lifecycle: 'core' as const })),
})
const names = (profile: Profile): string[] => seatsOf(profile).map(({ name }) => name)

describe('the seats of a profile', () => {
  test('are the class itself for the one orchestrator and the one enhancer', () => {
    expect(names(profileOf(['orchestrator', 1], ['enhancer', 1]))).toEqual(['orchestrator', 'enhancer'])
  })

  test('are numbered from zero for every other class, also for one seat', () => {
    expect(names(profileOf(['orchestrator', 1], ['coder', 3], ['merge-gate', 1]))).toEqual([
      'orchestrator',
      'coder0',
      'coder1',
      'coder2',
      'merge-gate0',
    ])
    expect(names(profileOf(['enhancer', 2]))).toEqual(['enhancer0', 'enhancer1'])
  })

  test('have names of their own when a class is listed more than once', () => {
    expect(names(profileOf(['coder', 2], ['enhancer', 1], ['coder', 1], ['enhancer', 1]))).toEqual([
      'coder0',
      'coder1',
      'enhancer0',
      'coder2',
      'enhancer1',
    ])
  })

  test('have legal names from which their class can be told', () => {
    for (const { name, class: seatClass } of seatsOf(profileOf(['orchestrator', 1], ['board-technical', 64], ['code-reviewer', 2]))) {
      expect(nameProblem(name)).toBeUndefined()
      expect(classOfName(name)).toBe(seatClass)
    }
  })
})

test('a profile with an unknown key, class, or no seats is refused', () => {
  const good = profileOf(['coder', 1])
  expect(ProfileSchema.safeParse(good).success).toBe(true)
  const bad: unknown[] = [
    { ...good, extra: 1 },
    { ...good, id: 'Upper' },
    { ...good, id: '../x' },
    { ...good, roster: [] },
    { ...good, lead: 'boss' },
    { ...good, roster: [{ class: 'coder', multiplicity: 0, lifecycle: 'core' }] },
    { ...good, roster: [{ class: 'coder', multiplicity: 65, lifecycle: 'core' }] },
    { ...good, roster: [{ class: 'coder', multiplicity: 1, lifecycle: 'always' }] },
  ]
  for (const profile of bad) expect(ProfileSchema.safeParse(profile).success).toBe(false)
})
