import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { seatsOf } from '@mosaic/domain/profile'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { listProfiles, loadProfile } from './profiles.ts'

/** Profiles that are no fleets on purpose. */
const BELOW_THE_FLOOR = ['minimal', 'local-canary']

describe('the shipped profiles', () => {
  test('are at least general, minimal, local-canary and coding', () => {
    expect(listProfiles().map(({ id }) => id)).toEqual(expect.arrayContaining(['general', 'minimal', 'local-canary', 'coding']))
  })

  test.each(listProfiles())('hold the floor and themselves together: $id', (profile) => {
    const classes = seatsOf(profile).map((seat) => seat.class)
    if (!BELOW_THE_FLOOR.includes(profile.id)) {
      expect(classes.filter((one) => one === 'orchestrator')).toHaveLength(1)
      expect(classes).toContain('enhancer')
      expect(profile.floor).toEqual(expect.arrayContaining(['orchestrator', 'enhancer']))
    }
    expect(classes).toContain(profile.lead)
    for (const needed of profile.floor) expect(classes).toContain(needed)
    for (const { class: seat, reports_to } of profile.roster) {
      if (reports_to === undefined) expect(seat).toBe(profile.lead)
      else expect(classes).toContain(reports_to)
    }
    expect(new Set(seatsOf(profile).map(({ name }) => name)).size).toBe(classes.length)
  })

  test('make the two core agents the default fleet', () => {
    expect(seatsOf(loadProfile('general'))).toEqual([
      { name: 'orchestrator', class: 'orchestrator', lifecycle: 'core' },
      { name: 'enhancer', class: 'enhancer', lifecycle: 'core' },
    ])
  })
})

describe('a profile', () => {
  let directory = ''
  beforeAll(() => {
    directory = mkdtempSync(join(tmpdir(), 'mosaic-profiles-'))
    writeFileSync(
      join(directory, 'other.yaml'),
      'id: another\ntitle: t\ndescription: d\nlead: coder\nfloor: []\nroster: [{class: coder, multiplicity: 1, lifecycle: core}]\n',
    )
    writeFileSync(join(directory, 'odd.yaml'), 'id: odd\nroster: [{class: bo\u009bss}]\n')
    writeFileSync(join(directory, 'broken.yaml'), '[')
    symlinkSync('/etc/hostname', join(directory, 'link.yaml'))
  })
  afterAll(() => rmSync(directory, { recursive: true, force: true }))

  test('that is not there is answered with the ones that are', () => {
    expect(() => loadProfile('codign')).toThrow(
      expect.objectContaining({ code: 'not_found', mend: expect.stringMatching(/^did you mean coding\? There are .*general/) }),
    )
    expect(() => loadProfile('../profiles/general')).toThrow(expect.objectContaining({ code: 'not_found' }))
    expect(() => loadProfile('\u001b[2J')).toThrow(expect.objectContaining({ message: expect.stringContaining('␛') }))
  })

  test.each([
    ['other', 'invalid'],
    ['odd', 'invalid'],
    ['broken', 'invalid'],
    ['link', 'not_done'],
  ])('that is faulty is refused: %s', (id, code) => {
    expect(() => loadProfile(id, directory)).toThrow(
      expect.objectContaining({ code, where: join(directory, `${id}.yaml`), mend: expect.stringContaining('another profile') }),
    )
  })
})
