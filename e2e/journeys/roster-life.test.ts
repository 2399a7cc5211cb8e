import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { killNine } from '@mosaic/testkit/faults'
import { isAlive } from '@mosaic/testkit/processes'
import { until } from '@mosaic/testkit/until'
import { describe, expect, it } from 'vitest'
import { FleetUnderTest, TWO_STUBS } from '../fleet-under-test.ts'
import { PersonTerminal } from './person-terminal.ts'

const rosterOf = (fleet: FleetUnderTest): string => readFileSync(fleet.paths.roster, 'utf8')
const edited = (fleet: FleetUnderTest, change: (text: string) => string): void => writeFileSync(fleet.paths.roster, change(rosterOf(fleet)))
const names = async (fleet: FleetUnderTest): Promise<string[]> => (await fleet.snapshot()).agents.map(({ name }) => name)

describe('fleet init', () => {
  it('prints what it would write, writes it when told to, and replaces one only by force and with a backup', async () => {
    await using fleet = await FleetUnderTest.make()
    const { roster } = fleet.paths
    const dry = await fleet.mosaic(['fleet', 'init', '--profile', 'coding', '--runtime', 'pi'])
    expect(dry).toMatchObject({ status: 0, stdout: expect.stringContaining('runtime: pi'), stderr: expect.stringMatching(/^Dry run: /) })
    expect(readdirSync(fleet.home.mosaicHome)).toEqual([])

    const written = await fleet.ok(['fleet', 'init', '--profile', 'coding', '--runtime', 'pi', '--write'])
    expect(written).toContain(`Wrote ${roster}: 8 agents on pi.`)
    expect(rosterOf(fleet)).toBe(dry.stdout)
    expect(statSync(roster).mode & 0o077).toBe(0)

    edited(fleet, (text) => `# mine\n${text}`)
    const mine = rosterOf(fleet)
    const again = await fleet.mosaic(['fleet', 'init', '--write'])
    expect(again.status).toBe(4)
    expect(again.stderr).toContain(`where: ${roster}`)
    expect(rosterOf(fleet)).toBe(mine)

    await fleet.ok(['fleet', 'init', '--profile', 'minimal', '--write', '--force'])
    await fleet.ok(['fleet', 'init', '--write', '--force'])
    const backups = readdirSync(fleet.paths.fleet).filter((name) => name.endsWith('.bak'))
    expect(backups).toHaveLength(2)
    expect(backups.map((name) => readFileSync(join(fleet.paths.fleet, name), 'utf8'))).toContain(mine)
    expect(rosterOf(fleet)).toContain('- name: orchestrator')
  })

  it('asks on a terminal, writes nothing when it is left, and what was chosen in the end', async () => {
    await using fleet = await FleetUnderTest.make()
    await using terminal = await PersonTerminal.open(fleet, { columns: 80, rows: 40 })
    const before = await terminal.state()
    for (const answered of [0, 1, 2, 3]) {
      await terminal.start('clear; mosaic fleet init')
      await terminal.shows('What is the fleet for?')
      for (const question of ['Which runtime', 'Where shall', 'Write this roster?'].slice(0, answered)) {
        await terminal.press('Enter')
        await terminal.shows(question)
      }
      await terminal.press('C-c')
      expect(await terminal.ended()).toBe(130)
      expect(await terminal.see()).toContain('nothing was written')
      expect(await terminal.state()).toBe(before)
      expect(readdirSync(fleet.home.mosaicHome)).toEqual([])
    }
    await terminal.start('clear; mosaic fleet init')
    await terminal.shows('What is the fleet for?')
    await terminal.press('Up', 'Enter')
    for (const question of ['Which runtime', 'Where shall', 'Write this roster?']) {
      await terminal.shows(question)
      await terminal.press('Enter')
    }
    expect(await terminal.ended()).toBe(0)
    expect(await terminal.see()).toContain(`Wrote ${fleet.paths.roster}: 8 agents on stub.`)
    expect(rosterOf(fleet)).toContain('class: merge-gate')
  })

  it('writes a roster of every profile that comes up', async () => {
    await using fleet = await FleetUnderTest.make({ ownTmuxDirectory: true })
    const unknown = await fleet.mosaic(['fleet', 'init', '--profile', 'nope'])
    expect(unknown.status).toBe(3)
    const profiles = /choose one of (.*)\n/.exec(unknown.stderr)?.[1]?.split(', ') ?? []
    expect(profiles.length).toBeGreaterThan(2)
    for (const profile of profiles) {
      await fleet.ok(['fleet', 'init', '--profile', profile, '--write', '--force'])
      await fleet.ok(['fleet', 'up'])
      await fleet.ok(['fleet', 'stop'])
    }
  })
})

describe('a change of the roster', () => {
  it('and of the running fleet go together, and keep every comment and the order', async () => {
    const comments = [
      '# who leads\n  - name: orchestrator # the one\n',
      '  - {name: enhancer, alias: "Eve"}   # watches\n',
      '# what comes last\n',
    ]
    await using fleet = await FleetUnderTest.make({
      roster: `defaults: {runtime: stub, working_directory: /tmp}\nagents:\n${comments.join('')}`,
    })
    const kept = rosterOf(fleet)
    await fleet.ok(['fleet', 'up'])
    const before = await fleet.snapshot()

    await fleet.ok(['fleet', 'add', 'coder0', '--alias', 'Cody: the "coder" # 1', '--model', 'm1'])
    expect(await fleet.healthy('coder0')).toMatchObject({ alias: 'Cody: the "coder" # 1', model: 'm1', class: 'coder' })
    await fleet.ok(['agent', 'new', 'coder1', '--cwd', fleet.home.home])
    expect(await fleet.healthy('coder1')).toMatchObject({ working_directory: fleet.home.home })
    expect(await names(fleet)).toEqual(['orchestrator', 'enhancer', 'coder0', 'coder1'])
    for (const comment of ['# who leads', '# the one', '# watches', '# what comes last']) expect(rosterOf(fleet)).toContain(comment)

    const first = await fleet.agent('coder0')
    await fleet.ok(['fleet', 'edit', 'coder0', '--model', 'm2'])
    const second = await fleet.healthy('coder0')
    expect(second).toMatchObject({ model: 'm2', flags: [] })
    expect(second.pid).not.toBe(first.pid)
    await fleet.ok(['fleet', 'edit', 'coder0', '--alias', 'Bob'])
    expect(await fleet.agent('coder0')).toMatchObject({ alias: 'Bob', pid: second.pid })
    await fleet.ok(['fleet', 'edit', 'coder0', '--model', 'm3', '--no-restart'])
    expect(await fleet.agent('coder0')).toMatchObject({ pid: second.pid, flags: ['DRIFT'] })
    await fleet.ok(['fleet', 'restart', 'coder0'])
    expect(await fleet.healthy('coder0')).toMatchObject({ model: 'm3', flags: [] })

    const last = (await fleet.agent('coder1')).pid ?? 0
    await fleet.ok(['fleet', 'remove', 'coder1'])
    await fleet.ok(['fleet', 'remove', 'coder0'])
    expect(isAlive(last)).toBe(false)
    expect(rosterOf(fleet)).toBe(kept)
    const after = await fleet.snapshot()
    expect(after.agents.map(({ name, pid }) => [name, pid])).toEqual(before.agents.map(({ name, pid }) => [name, pid]))
    expect(after.orphans).toEqual([])
    await fleet.ok(['fleet', 'stop'])
    expect(fleet.home.leftovers()).toEqual({ processes: [], sockets: [] })
    expect(existsSync(fleet.paths.run)).toBe(false)
  })

  it('never takes the orchestrator or the last enhancer away', async () => {
    await using fleet = await FleetUnderTest.make({ roster: TWO_STUBS })
    await fleet.ok(['fleet', 'up'])
    const before = await fleet.snapshot()
    const kept = rosterOf(fleet)
    for (const words of ['remove orchestrator', 'remove enhancer', 'edit orchestrator --class coder', 'edit enhancer --class worker']) {
      const { status, stderr } = await fleet.mosaic(['fleet', ...words.split(' ')])
      expect(status).toBe(4)
      expect(stderr).toMatch(/a fleet that has one keeps/)
    }
    expect(rosterOf(fleet)).toBe(kept)
    expect((await fleet.snapshot()).agents.map(({ pid }) => pid)).toEqual(before.agents.map(({ pid }) => pid))
    await fleet.ok(['fleet', 'add', 'enhancer1'])
    await fleet.ok(['fleet', 'remove', 'enhancer'])
    expect(await names(fleet)).toEqual(['orchestrator', 'enhancer1'])
  })

  it('is refused with the reason for a name that would mean something else, before anything is touched', async () => {
    await using fleet = await FleetUnderTest.make({ roster: TWO_STUBS })
    await fleet.ok(['fleet', 'up'])
    const kept = rosterOf(fleet)
    const bad: [string, RegExp][] = [
      ['a.b', /another tmux target/],
      ['a:b', /another tmux target/],
      ['=orchestrator', /letters, digits/],
      ['%0', /letters, digits/],
      ['@1', /letters, digits/],
      ['$0', /letters, digits/],
      ['{last}', /letters, digits/],
      ['orch*', /letters, digits/],
      ['a b', /letters, digits/],
      ['a\nb', /letters, digits/],
      ['\u001b[31mred', /letters, digits/],
      ['#{pane_pid}', /letters, digits/],
      ['#(touch x)', /letters, digits/],
      ['../../etc', /another tmux target/],
      ['a/b', /letters, digits/],
      ['кодер', /letters, digits/],
      ['', /must not be empty/],
      ['a'.repeat(65), /at most 64/],
      ['-', /leading "-"/],
      ['mosaic-holder', /holder session/],
    ]
    for (const [name, reason] of bad) {
      const { status, stdout, stderr } = await fleet.mosaic(['fleet', 'add', '--', name])
      expect([name, status]).toEqual([name, 2])
      expect(stderr).toMatch(reason)
      expect(stdout).toBe('')
      expect(stderr.replaceAll('\n', '')).not.toMatch(/[\u0000-\u001f\u007f-\u009f]/)
    }
    expect(rosterOf(fleet)).toBe(kept)
    expect(await fleet.home.tmux('list-sessions', '-F', '#{session_name}')).toBe('enhancer\nmosaic-holder\norchestrator\n')
  })

  it('by many at once loses none', async () => {
    await using fleet = await FleetUnderTest.make({ roster: TWO_STUBS })
    await fleet.ok(['fleet', 'up'])
    const added = ['coder0', 'coder1', 'coder2', 'coder3', 'coder4', 'coder5']
    await Promise.all(added.map((name) => fleet.ok(['fleet', 'add', name])))
    expect((await names(fleet)).sort()).toEqual([...added, 'enhancer', 'orchestrator'])
    for (const name of added) await fleet.healthy(name)
  })
})

describe('a roster that is edited by hand', () => {
  it('to a faulty one is told with its place, the fleet goes on by the last good one, and the mended one is taken', async () => {
    await using fleet = await FleetUnderTest.make({ roster: TWO_STUBS })
    await fleet.ok(['fleet', 'up'])
    const before = await fleet.snapshot()
    const good = rosterOf(fleet)

    edited(fleet, (text) => text.replace('name: enhancer', 'name: en.hancer'))
    const fault = /roster\.yaml:\d+:\d+: .*a dot or a colon would address another tmux target/
    const ps = await fleet.mosaic(['fleet', 'ps'])
    expect(ps.status).toBe(0)
    expect(ps.stdout).toMatch(fault)
    expect(ps.stdout).toContain('the last good one is in force')
    const faulty = await fleet.snapshot()
    expect(faulty.roster_problem).toMatch(fault)
    expect(faulty.agents.map(({ name, pid, health }) => [name, pid, health])).toEqual(
      before.agents.map(({ name, pid }) => [name, pid, 'healthy']),
    )

    // It is still seen, spoken to, stopped and started; only what would write the roster is refused.
    expect((await fleet.send('enhancer', 'still there?')).receipt.state).toBe('accepted')
    await until(async () => (await fleet.ok(['agent', 'tail', 'enhancer'])).includes('still there?'))
    expect(await fleet.ok(['agent', 'list'])).toMatch(/^enhancer /m)
    await fleet.ok(['fleet', 'restart', 'enhancer'])
    await fleet.healthy('enhancer')
    const add = await fleet.mosaic(['fleet', 'add', 'coder0'])
    expect(add.status).toBe(2)
    expect(add.stderr).toMatch(fault)
    const verify = await fleet.mosaic(['fleet', 'verify'])
    expect(verify.status).toBe(1)
    expect(verify.stdout).toMatch(fault)
    const doctor = await fleet.mosaic(['fleet', 'doctor'])
    expect(doctor.status).toBe(1)
    expect(doctor.stdout).toMatch(fault)

    // A host service that is killed meanwhile comes back to the last good one.
    killNine(await fleet.servicePid())
    await fleet.ok(['fleet', 'start'])
    expect((await fleet.healthy('enhancer')).name).toBe('enhancer')
    expect((await fleet.snapshot()).roster_problem).toMatch(fault)

    writeFileSync(fleet.paths.roster, `${good}  - name: coder0\n`)
    const mended = await fleet.snapshot()
    expect(mended.roster_problem).toBeNull()
    expect(mended.agents.map(({ name, health }) => [name, health])).toEqual([
      ['orchestrator', 'healthy'],
      ['enhancer', 'healthy'],
      ['coder0', 'stopped'],
    ])
    await fleet.ok(['fleet', 'up'])
    await fleet.healthy('coder0')
  })

  it('is shown as drift where what runs differs, and an agent that it lost is an orphan until the fleet stops', async () => {
    await using fleet = await FleetUnderTest.make({ roster: `${TWO_STUBS}  - name: coder0\n    model_hint: m1\n` })
    await fleet.ok(['fleet', 'up'])
    const { pid } = await fleet.agent('coder0')
    edited(fleet, (text) => text.replace('m1', 'm2'))
    expect(await fleet.agent('coder0')).toMatchObject({ pid, flags: ['DRIFT'], flag_reasons: { DRIFT: expect.stringContaining('m1') } })

    edited(fleet, (text) => text.slice(0, text.indexOf('  - name: coder0')))
    const without = await fleet.snapshot()
    expect(without.agents.map(({ name }) => name)).toEqual(['orchestrator', 'enhancer'])
    expect(without.orphans).toEqual([expect.objectContaining({ session: 'coder0', pid })])
    expect(await fleet.ok(['fleet', 'ps'])).toMatch(/ORPHAN: coder0/)
    expect(await fleet.ok(['fleet', 'doctor'])).toContain(`kill-session -t '=coder0'`)

    // Nobody restarts it, and nobody else suffers.
    killNine(pid ?? 0)
    await until(async () => (await fleet.snapshot()).orphans.every((orphan) => orphan.pid === null))
    expect((await fleet.snapshot()).agents.map(({ health }) => health)).toEqual(['healthy', 'healthy'])
    await fleet.ok(['fleet', 'stop'])
    expect(fleet.home.leftovers()).toEqual({ processes: [], sockets: [] })
    expect(existsSync(fleet.paths.run)).toBe(false)
  })

  it('in camelCase is the same fleet', async () => {
    const roster =
      'defaults: {workingDirectory: /tmp, runtime: stub}\nagents:\n  - name: orchestrator\n    modelHint: m1\n  - name: enhancer\n    resetBetweenTasks: true\n'
    await using fleet = await FleetUnderTest.make()
    fleet.writeRoster('')
    writeFileSync(
      fleet.paths.roster,
      `version: 1\ntenantId: acme\nhost: box\ntmux: {socketName: ${fleet.home.tmuxSocket}, holderSession: keeper}\n${roster}`,
    )
    await fleet.ok(['fleet', 'up'])
    expect(await fleet.snapshot()).toMatchObject({
      tenant_id: 'acme',
      host: 'box',
      socket_name: fleet.home.tmuxSocket,
      agents: [{ name: 'orchestrator', model: 'm1', health: 'healthy', working_directory: '/tmp' }, { name: 'enhancer' }],
    })
    expect(await fleet.home.tmux('list-sessions', '-F', '#{session_name}')).toContain('keeper\n')
    await fleet.ok(['fleet', 'edit', 'orchestrator', '--model', 'm2'])
    expect(rosterOf(fleet)).toContain('modelHint: m2')
    expect(rosterOf(fleet)).not.toContain('model_hint')
    expect(await fleet.healthy('orchestrator')).toMatchObject({ model: 'm2' })
  })
})

describe('a roster elsewhere', () => {
  it('is used by every verb that names it, and the home keeps none', async () => {
    await using fleet = await FleetUnderTest.make({ roster: TWO_STUBS })
    const place = join(fleet.home.home, 'my fleets')
    mkdirSync(place)
    const elsewhere = join(place, 'one.yaml')
    writeFileSync(elsewhere, rosterOf(fleet))
    writeFileSync(fleet.paths.roster, 'version: 1\nagents: nonsense\n')
    const at = ['--roster', elsewhere]
    await fleet.ok(['fleet', 'up', ...at])
    await fleet.ok(['fleet', 'add', 'coder0', ...at])
    expect(readFileSync(elsewhere, 'utf8')).toContain('coder0')
    expect((await fleet.json<{ agents: unknown[] }>(['fleet', 'ps', ...at])).agents).toHaveLength(3)
    await fleet.ok(['fleet', 'stop', ...at])
  })
})
