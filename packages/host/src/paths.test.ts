import { homedir, hostname } from 'node:os'
import { isAbsolute, join } from 'node:path'
import { isHostName, isTenantId } from '@mosaic/domain/address'
import { FleetError } from '@mosaic/domain/error'
import { nodeProgram } from '@mosaic/testkit/node-program'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { heartbeatIntervalMs, machineDefaults, placesOf, resolvePaths } from './paths.ts'

/** Longest path that Linux takes for a unix socket, its closing NUL left out. */
const SUN_PATH_BYTES = 107

describe('the paths of a tenant', () => {
  it('lie in ~/.config/mosaic unless something else is said', () => {
    expect(resolvePaths({ env: {} }).home).toBe(join(homedir(), '.config', 'mosaic'))
    expect(resolvePaths({ env: { MOSAIC_HOME: '' } }).home).toBe(join(homedir(), '.config', 'mosaic'))
    expect(resolvePaths({ env: { MOSAIC_HOME: '/a' } }).home).toBe('/a')
    expect(resolvePaths({ env: { MOSAIC_HOME: '/a' }, home: '/b' }).home).toBe('/b')
    expect(resolvePaths({ env: { MOSAIC_HOME: '/a' }, home: '' }).home).toBe('/a')
  })

  it('are absolute and without dots whatever was given', () => {
    const paths = resolvePaths({ env: { MOSAIC_HOME: 'x/../y/', MOSAIC_HEARTBEAT_RUN_DIR: 'run', MOSAIC_ROSTER: './r.yaml' } })
    expect(paths.home).toBe(join(process.cwd(), 'y'))
    expect(paths.run).toBe(join(process.cwd(), 'run'))
    expect(paths.roster).toBe(join(process.cwd(), 'r.yaml'))
    expect(resolvePaths({ env: { MOSAIC_ROSTER: '/a' }, roster: '/b' }).roster).toBe('/b')
  })

  it('are found again by whoever is given their variables, wherever it runs', () => {
    const paths = resolvePaths({ env: { MOSAIC_HOME: 'x', MOSAIC_HEARTBEAT_RUN_DIR: 'run', MOSAIC_ROSTER: 'r.yaml' } })
    const variables = placesOf(paths)
    for (const place of Object.values(variables)) expect(isAbsolute(place)).toBe(true)
    expect(JSON.stringify(resolvePaths({ env: variables }))).toBe(JSON.stringify(paths))
  })

  it.each(['home', 'roster'] as const)('are refused when the %s has a control character in it', (key) => {
    for (const bad of ['/tmp/a\nb', '/tmp/\u001b[31m', '/tmp/\u009b']) {
      expect(() => resolvePaths({ env: {}, [key]: bad })).toThrow(/a control character in the path/)
    }
  })

  it('are the same for every process that was told the same', () => {
    const env = { MOSAIC_HOME: '/srv/mosaic', MOSAIC_HEARTBEAT_RUN_DIR: '/run/mosaic' }
    expect(JSON.stringify(resolvePaths({ env }))).toBe(JSON.stringify(resolvePaths({ env: { ...env } })))
    expect(resolvePaths({ env }).heartbeatOf('coder0')).toBe('/run/mosaic/coder0.hb')
  })

  it.each(['', '.', '..', '../x', 'a/b', 'a.b', 'a:b', '-x', 'a b', 'a\nb', 'ä', 'a\0', 'x'.repeat(65)])(
    'are never made of the bad name %j',
    (name) => {
      const paths = resolvePaths({ env: { MOSAIC_HOME: '/m' } })
      const makers = [paths.heartbeatOf, paths.journalOf, paths.linkOf, paths.aliveOf, paths.contractOf, paths.envOf, paths.stateOf]
      for (const make of makers) expect(() => make(name)).toThrow(FleetError)
    },
  )

  it('leave every socket path short enough for the kernel, for any home and the longest name', () => {
    const segment = fc.string({ minLength: 1, maxLength: 60, unit: fc.constantFrom('a', 'ü', '漢', '-', ' ') })
    fc.assert(
      fc.property(fc.array(segment, { minLength: 1, maxLength: 8 }), (segments) => {
        const paths = resolvePaths({ env: { MOSAIC_HOME: `/${segments.join('/')}` } })
        for (const socket of [paths.serviceSocket, paths.linkOf('x'.repeat(64))]) {
          expect(Buffer.byteLength(socket)).toBeLessThanOrEqual(SUN_PATH_BYTES)
        }
      }),
      { seed: 20260102, numRuns: 200 },
    )
  })

  it('give two long homes two socket directories, and one home always the same', () => {
    const socketsOf = (home: string) => resolvePaths({ env: { MOSAIC_HOME: home } }).sockets
    const long = `/${'x'.repeat(90)}`
    expect(socketsOf(`${long}1`)).not.toBe(socketsOf(`${long}2`))
    expect(socketsOf(`${long}1`)).toBe(socketsOf(`${long}1`))
    expect(socketsOf('/m')).toBe('/m/fleet/run')
  })
})

describe('the heartbeat interval', () => {
  it('is read in seconds, with fractions, and is absent when it is empty', () => {
    expect(heartbeatIntervalMs({})).toBeUndefined()
    expect(heartbeatIntervalMs({ MOSAIC_HEARTBEAT_INTERVAL: '' })).toBeUndefined()
    expect(heartbeatIntervalMs({ MOSAIC_HEARTBEAT_INTERVAL: '0.25' })).toBe(250)
    expect(heartbeatIntervalMs({ MOSAIC_HEARTBEAT_INTERVAL: '3600' })).toBe(3_600_000)
  })

  it.each(['0', '-1', '1e-9', '0.099', '3601', 'NaN', 'Infinity', '15s', ' ', '1,5'])('refuses %j with what to write instead', (text) => {
    const read = () => heartbeatIntervalMs({ MOSAIC_HEARTBEAT_INTERVAL: text })
    expect(read).toThrow(expect.objectContaining({ code: 'invalid', mend: expect.stringContaining('MOSAIC_HEARTBEAT_INTERVAL=15') }))
  })
})

describe('the defaults of this machine', () => {
  const READ = `import { machineDefaults } from ${JSON.stringify(import.meta.resolve('./paths.ts'))}
    console.log('defaults ' + JSON.stringify(machineDefaults({ HOME: "/home/x" })))`

  it('are a legal tenant and host', () => {
    const { tenantId, host, homeDirectory } = machineDefaults({ HOME: '/home/somebody' })
    expect(isTenantId(tenantId)).toBe(true)
    expect(isHostName(host)).toBe(true)
    expect(homeDirectory).toBe('/home/somebody')
    expect(hostname().startsWith(host.slice(0, 1))).toBe(true)
  })

  it('exist for a user id that has no name, as in a container', async (context) => {
    if (process.getuid?.() !== 0) context.skip('only root can become another user')
    await using program = nodeProgram(`process.setuid(54321)\n${READ}`)
    const said = JSON.parse((await program.said('defaults')).slice('defaults '.length)) as { tenantId: string }
    expect(isTenantId(said.tenantId)).toBe(true)
    expect(said.tenantId).toContain('54321')
  })

  it.for(['my_box', '_', 'a..b', '-x-', `${'h'.repeat(64)}`])('make a legal host of the machine name %j', async (name, context) => {
    if (process.getuid?.() !== 0) context.skip('only root can name a machine, in a namespace of its own')
    const renamed = `import { execFileSync } from 'node:child_process'
      const run = \`hostname -- "$1" || printf %s "$1" > /proc/sys/kernel/hostname; exec "$2" --input-type=module --eval "$3"\`
      console.log(execFileSync('unshare', ['--uts', 'sh', '-c', run, 'sh', ...process.argv.slice(1)], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }))`
    await using program = nodeProgram(renamed, { args: [name, process.execPath, READ] })
    const said = JSON.parse((await program.said('defaults')).slice('defaults '.length)) as { host: string }
    expect(isHostName(said.host)).toBe(true)
  })

  it('give every legal name a socket of its own whose path is short enough for the kernel', () => {
    const { linkOf } = resolvePaths({ env: { MOSAIC_HOME: `/${'x'.repeat(60)}` } })
    const names = ['a', 'a'.repeat(20), 'a'.repeat(21), 'a'.repeat(63), `${'a'.repeat(63)}b`]
    expect(new Set(names.map(linkOf)).size).toBe(names.length)
    for (const name of names) expect(Buffer.byteLength(linkOf(name))).toBeLessThanOrEqual(100)
  })
})
