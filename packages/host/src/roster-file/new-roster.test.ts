import { nameProblem } from '@mosaic/domain/address'
import { seatsOf } from '@mosaic/domain/profile'
import { ISOLATION_SOCKET, RUNTIME_IDS } from '@mosaic/domain/roster'
import { describe, expect, test } from 'vitest'
import { RosterDocument } from './edit-roster.ts'
import { isolationSocketName, type NewRoster, newRosterText } from './new-roster.ts'
import { listProfiles, loadProfile } from './profiles.ts'
import { readRosterText } from './read-roster.ts'

const general = loadProfile('general')
const rosterOf = (choice: NewRoster) => {
  const reading = readRosterText(newRosterText(choice), 'roster.yaml')
  if (!reading.ok) throw new Error(JSON.stringify(reading.faults))
  return reading.roster
}

describe('a new roster', () => {
  test('reads back with one agent per seat, for every profile and every runtime', () => {
    for (const profile of listProfiles()) {
      for (const runtime of RUNTIME_IDS) {
        const roster = rosterOf({ profile, runtime, socketName: undefined })
        expect(roster.agents.map((agent) => [agent.name, agent.class, agent.lifecycle ?? 'core'])).toEqual(
          seatsOf(profile).map((seat) => [seat.name, seat.class, seat.lifecycle]),
        )
        expect(roster.defaults).toEqual({ runtime })
        expect(roster.tmux).toBeUndefined()
      }
    }
  })

  test('holds what was chosen, whatever characters it has', () => {
    expect(
      rosterOf({ profile: general, runtime: 'pi', socketName: 'own', workingDirectory: '/w: "x" #y', tenantId: '123', host: 'true' }),
    ).toMatchObject({
      tenant_id: '123',
      host: 'true',
      tmux: { socket_name: 'own' },
      defaults: { runtime: 'pi', working_directory: '/w: "x" #y' },
    })
  })

  test('cannot be broken by the words of a profile', () => {
    const profile = { ...general, title: 'x\nagents: []', description: 'y\r\nversion: 2\u001b[2J' }
    expect(rosterOf({ profile, runtime: 'stub', socketName: undefined }).agents).toHaveLength(2)
  })

  test('is the same text for the same choice, and one that commands can edit', () => {
    const choice: NewRoster = { profile: general, runtime: 'stub', socketName: ISOLATION_SOCKET }
    expect(newRosterText(choice)).toBe(newRosterText(choice))
    const document = new RosterDocument(newRosterText(choice), 'roster.yaml')
    document.addAgent({ name: 'coder0', lifecycle: 'ephemeral' })
    document.removeAgent('coder0')
    expect(document.text).toBe(newRosterText(choice))
  })
})

describe('the isolation socket', () => {
  test('has the well-known name for the default home, however that is written', () => {
    expect(isolationSocketName('/home/ada/.config/mosaic', '/home/ada/.config/mosaic')).toBe(ISOLATION_SOCKET)
    expect(isolationSocketName('/home/ada/.config/mosaic/', '/home/ada/.config/./mosaic')).toBe(ISOLATION_SOCKET)
  })

  test('has another legal name for every other home', () => {
    const names = Array.from({ length: 50 }, (_, index) => isolationSocketName(`/homes/${index}`, '/home/ada/.config/mosaic'))
    expect(new Set(names).size).toBe(50)
    for (const name of names) {
      expect(name).toMatch(/^mosaic-fleet-[0-9a-f]{6}$/)
      expect(nameProblem(name)).toBeUndefined()
    }
    expect(isolationSocketName('/homes/1', '/x')).toBe(isolationSocketName('/homes/1', '/y'))
  })
})
