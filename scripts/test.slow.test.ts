import { spawnSync } from 'node:child_process'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type SmallCheckout, smallCheckout } from './small-checkout.ts'

/** Each of them counts as one test. */
const CHECKS = 6

let checkout: SmallCheckout

const PASSING = `import { expect, it } from 'vitest'\n\nit('adds', () => {\n  expect(1 + 1).toBe(2)\n})\n`
const body = (text: string) => `import { describe, expect, it } from 'vitest'\n\ndescribe('it', () => {\n${text}\n})\n`

/** What `./test` says at the end, and with which code. */
function run(...args: string[]): { last: string; status: number | null; out: string } {
  // No terminal, no input, as in CI.
  const { stdout, stderr, status } = spawnSync(`${checkout.root}/test`, args, {
    env: { PATH: checkout.bin, HOME: checkout.bin, CI: 'true' },
    stdio: ['ignore', 'pipe', 'pipe'],
    encoding: 'utf8',
  })
  return { last: stdout.split('\n').at(-2) ?? '', status, out: stdout + stderr }
}

beforeEach(() => {
  checkout = smallCheckout()
  checkout.program('npx', 'exit 0')
  checkout.program('tmux', '')
  checkout.linkModules()
  // Next to no product: what the scripts import is not there to be found.
  checkout.write(
    'knip.json',
    `{
  "rules": { "cycles": "error" },
  "exclude": ["files", "dependencies", "exports", "types", "unlisted", "unresolved", "binaries"],
  "workspaces": { ".": { "entry": ["packages/domain/src/*.ts"] } }
}
`,
  )
  checkout.write('packages/domain/src/sum.test.ts', PASSING)
})
afterEach(() => checkout[Symbol.dispose]())

describe('./test', () => {
  it('passes when all does, with the totals alone on the last line', () => {
    const { last, status, out } = run()
    expect(out).toMatch(/^ok {5}build/m)
    expect(last).toBe(`${CHECKS + 1} passed, 0 failed`)
    expect(status).toBe(0)
  })

  it.each([
    ['a test', 'packages/domain/src/a.test.ts', body(`  it('fails', () => {\n    expect(1).toBe(2)\n  })`), 1, 1],
    ['a file that does not load', 'packages/domain/src/a.test.ts', `import 'no-such-package'\n`, 0, 2],
    [
      'a hook',
      'packages/domain/src/a.test.ts',
      body(`  beforeAll(() => {\n    throw new Error('no')\n  })\n  it('is', () => {})`).replace('expect, ', 'beforeAll, '),
      1,
      1,
    ],
    ['a type', 'packages/domain/src/a.ts', `export const a: number = 'text'\n`, 0, 1],
    ['a format', 'packages/domain/src/a.ts', `export const a   =  1;\n`, 0, 1],
    ['a lint rule', 'packages/domain/src/a.ts', `export const a = (b: any): unknown => b\n`, 0, 1],
    ['the build', 'apps/mosaicd/src/main.ts', `console.log(await import('./absent.ts'))\n`, -1, 2],
  ])('fails when %s does', (_, path, text, passed, failed) => {
    checkout.write(path, text)
    const { last, status, out } = run()
    expect(last, out).toBe(`${CHECKS + passed} passed, ${failed} failed`)
    expect(status).toBe(1)
  })

  it('fails when imports go round', () => {
    checkout.write('packages/domain/src/a.ts', `import { b } from './b.ts'\n\nexport const a = (): unknown => b\n`)
    checkout.write('packages/domain/src/b.ts', `import { a } from './a.ts'\n\nexport const b = (): unknown => a\n`)
    expect(run().last).toBe(`${CHECKS} passed, 1 failed`)
  })

  it('fails when no test ran', () => {
    const { last, status } = run('no-such-file')
    expect(last).toBe(`${CHECKS} passed, 1 failed`)
    expect(status).toBe(1)
  })

  it('counts and explains what was skipped, and fails for a skip that says nothing', () => {
    checkout.write(
      'packages/domain/src/a.test.ts',
      body(`  it('needs the moon', ({ skip }) => skip('no moon tonight'))\n  it('is', () => {\n    expect(1).toBe(1)\n  })`),
    )
    const explained = run()
    expect(explained.out).toContain('skipped: packages/domain/src/a.test.ts > it > needs the moon: no moon tonight\n')
    expect(explained.last).toBe(`${CHECKS + 2} passed, 0 failed, 1 skipped`)
    expect(explained.status).toBe(0)
    checkout.write(
      'packages/domain/src/a.test.ts',
      body(`  it('is off', ({ skip }) => skip())\n  it('is', () => {\n    expect(1).toBe(1)\n  })`),
    )
    const silent = run()
    expect(silent.out).toContain('FAILED, skipped without a reason: packages/domain/src/a.test.ts > it > is off\n')
    expect(silent.last).toBe(`${CHECKS + 2} passed, 1 failed`)
    expect(silent.status).toBe(1)
  })

  it('leaves the slow and the end-to-end tests out when it shall be fast', () => {
    checkout.write('packages/domain/src/a.slow.test.ts', PASSING)
    checkout.write('apps/cli/src/b.slow.test.ts', PASSING)
    checkout.write('e2e/c.test.ts', PASSING)
    checkout.write('apps/cli/src/d.test.ts', PASSING)
    expect(run('--fast').last).toBe(`${CHECKS + 2} passed, 0 failed`)
    expect(run().last).toBe(`${CHECKS + 5} passed, 0 failed`)
  })

  it.each([['--help'], ['--fast', '-h']])('%s says what it can do, and does nothing else', (...args) => {
    const { status, out } = run(...args)
    expect(out).toMatch(/^Usage: \.\/test /)
    for (const word of ['--fast', '-t ', '--project']) expect(out).toContain(word)
    expect(out).not.toMatch(/passed|building/)
    expect(status).toBe(0)
  })

  it('ends with the totals, as failed, when vitest does not know an option', () => {
    const { last, status, out } = run('--no-such-option')
    expect(out).toContain('Unknown option')
    expect(last).toBe(`${CHECKS} passed, 1 failed`)
    expect(status).toBe(1)
  })

  it('hands its arguments to vitest', () => {
    checkout.write(
      'packages/domain/src/a.test.ts',
      body(`  it('one', () => {\n    expect(1).toBe(1)\n  })\n  it('two', () => {\n    expect(1).toBe(2)\n  })`),
    )
    expect(run('packages/domain/src/a.test.ts', '-t', 'one').last).toBe(`${CHECKS + 1} passed, 0 failed`)
  })
})
