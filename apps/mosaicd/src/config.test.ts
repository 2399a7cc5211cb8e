import { join } from 'node:path'
import { DEFAULT_RESTART_POLICY } from '@mosaic/domain/lifecycle'
import { expect, test } from 'vitest'
import { readConfig } from './config.ts'

const ENV = { HOME: '/home/someone', MOSAIC_HOME: '/srv/fleet' }

test('without settings the policy is the default one', () => {
  const { policy, paths, fault, machine } = readConfig(ENV)
  expect(policy).toEqual(DEFAULT_RESTART_POLICY)
  expect(paths.home).toBe('/srv/fleet')
  expect(machine.homeDirectory).toBe('/home/someone')
  expect(fault).toBeUndefined()
})

test('settings change what they name and nothing else; an empty one is none', () => {
  const env = {
    ...ENV,
    MOSAIC_RESTART_DELAY_MS: '5',
    MOSAIC_RESTART_MAX: '',
    MOSAIC_RESTART_WINDOW_MS: '1000',
    MOSAIC_FAULT: 'after-store',
  }
  const { policy, fault } = readConfig(env)
  expect(policy).toEqual({ ...DEFAULT_RESTART_POLICY, firstDelayMs: 5, windowMs: 1000 })
  expect(fault).toBe('after-store')
})

test.each(['x', '0', '-1', '1.5', 'Infinity', '1e400', ' '])(
  '%j is no number of restarts, and the error says which setting and how to mend it',
  (text) => {
    const read = () => readConfig({ ...ENV, MOSAIC_RESTART_MAX: text })
    expect(read).toThrow(expect.objectContaining({ code: 'invalid', message: expect.stringContaining('MOSAIC_RESTART_MAX') }))
    expect(read).toThrow(expect.objectContaining({ mend: expect.stringContaining('MOSAIC_RESTART_MAX=5') }))
  },
)

test('a heartbeat interval that is no number is refused at the start', () => {
  expect(() => readConfig({ ...ENV, MOSAIC_HEARTBEAT_INTERVAL: 'often' })).toThrow(/MOSAIC_HEARTBEAT_INTERVAL/)
})

test('places are absolute, also in what is kept for a successor that starts elsewhere', () => {
  const { paths, env } = readConfig({
    HOME: '/home/x',
    MOSAIC_HOME: 'a',
    MOSAIC_HEARTBEAT_RUN_DIR: 'b',
    MOSAIC_ROSTER: 'c.yaml',
    TMUX_TMPDIR: 'd',
  })
  const at = (name: string) => join(process.cwd(), name)
  expect([paths.home, paths.run, paths.roster]).toEqual([at('a'), at('b'), at('c.yaml')])
  expect(env).toMatchObject({ MOSAIC_HOME: at('a'), MOSAIC_HEARTBEAT_RUN_DIR: at('b'), MOSAIC_ROSTER: at('c.yaml'), TMUX_TMPDIR: at('d') })
})
