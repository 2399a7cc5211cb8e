import { describe, expect, test } from 'vitest'
import { PI_INHERITED } from './pi/environment.ts'
import { adapterOf, INHERITABLE, runtimeAdapters } from './registry.ts'
import { STUB_INHERITED } from './stub/adapter.ts'

describe('the runtimes of this version', () => {
  test('are the stub and four real ones, each with a word of its own for what it accepted', () => {
    const adapters = runtimeAdapters({})
    expect([...adapters.keys()]).toEqual(['stub', 'pi', 'claude', 'codex', 'opencode'])
    for (const [id, adapter] of adapters) {
      expect(adapterOf({ runtime: id, command: undefined }, adapters)).toBe(adapter)
      expect(adapter.acceptanceSignal.startsWith(`${id}:`)).toBe(true)
      expect(adapter.dropsDuplicates).toBe(true)
    }
  })

  test('are joined by those that the roster describes by a command', () => {
    const adapter = adapterOf({ runtime: 'aider', command: ['aider'] }, runtimeAdapters({}))
    expect(adapter).toMatchObject({ id: 'aider', heartbeat: 'process', dropsDuplicates: false, acceptanceSignal: 'screen:changed' })
  })

  test('are all there is: another is refused with what to do', () => {
    expect(() => adapterOf({ runtime: 'aider', command: undefined }, runtimeAdapters({}))).toThrow(
      expect.objectContaining({
        code: 'missing',
        message: 'this version does not know the runtime aider',
        mend: 'use one of stub, pi, claude, codex, opencode, or describe it in the roster: runtimes.aider.command',
      }),
    )
  })

  test('inherit nothing that is not known to be inheritable', () => {
    for (const name of [...PI_INHERITED, ...STUB_INHERITED, 'PATH', 'HOME']) expect(INHERITABLE).toContain(name)
    expect(INHERITABLE).not.toContain('SSH_AUTH_SOCK')
  })

  test('are known by their processes', () => {
    const adapters = runtimeAdapters({})
    const recognised = (argv: string[]) => [...adapters].flatMap(([id, adapter]) => (adapter.recognises(argv) ? [id] : []))
    expect(recognised(['/usr/bin/node', '/opt/mosaic/dist/stub-runtime.mjs'])).toEqual(['stub'])
    expect(recognised(['pi'])).toEqual(['pi'])
    expect(recognised(['/home/u/.local/bin/pi', '--model', 'x'])).toEqual(['pi'])
    expect(recognised(['node', '/x/node_modules/@earendil-works/pi-coding-agent/dist/bundle/cli.js'])).toEqual(['pi'])
    expect(recognised(['bash'])).toEqual([])
    expect(recognised(['vim', 'a', 'b', 'pi'])).toEqual([])
  })
})
