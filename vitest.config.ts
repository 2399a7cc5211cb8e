import { delimiter, join } from 'node:path'
import { defineConfig } from 'vitest/config'

// An operator's fleet, or the terminal that this runs in, must not reach into a test.
for (const name of Object.keys(process.env)) {
  if (name.startsWith('MOSAIC_') || name === 'TMUX' || name === 'TMUX_PANE') delete process.env[name]
}

const SLOW = '**/*.slow.test.ts'
/** What drives the real claude, codex and opencode. */
const REAL = '**/*.real.test.ts'
/** By `TEST_REAL`: `all` of it, or what is `reduced` to the time that it may take beside the other tests. */
const REAL_SETS: Readonly<Record<string, readonly string[]>> = {
  all: [REAL],
  reduced: ['e2e/acceptance/{claude,codex,opencode}.real.test.ts'],
}
const realSet = REAL_SETS[process.env['TEST_REAL'] ?? '']
const realPath = [join(import.meta.dirname, 'e2e', 'runtimes', 'node_modules', '.bin'), process.env['PATH']].join(delimiter)
const DOMAIN = 'packages/domain/**/*.test.ts'
const HOMES = ['packages', 'apps', 'scripts', 'bench']
const NOT_OURS = ['**/node_modules/**', '**/dist/**']
const BUILT_IN = [...NOT_OURS, REAL]

export default defineConfig({
  test: {
    environment: 'node',
    pool: 'forks',
    maxWorkers: 2,
    // Bounds of what hangs. What is slow on a loaded machine is no failure.
    testTimeout: 300_000,
    hookTimeout: 300_000,
    teardownTimeout: 60_000,
    allowOnly: false,
    env: { LANG: 'C.UTF-8' },
    globalSetup: ['scripts/vitest-setup.ts'],
    // `unit` and `domain` are the fast set of `./test --fast`.
    projects: [
      {
        extends: true,
        // Pure functions share nothing that could leak from file to file.
        test: { name: 'domain', include: [DOMAIN], exclude: [SLOW, ...BUILT_IN], isolate: false, globalSetup: [] },
      },
      {
        extends: true,
        test: {
          name: 'unit',
          include: ['*.test.ts', ...HOMES.map((home) => `${home}/**/*.test.ts`)],
          exclude: [DOMAIN, SLOW, ...BUILT_IN],
          globalSetup: [],
        },
      },
      {
        extends: true,
        test: { name: 'slow', include: HOMES.map((home) => `${home}/${SLOW}`), exclude: BUILT_IN, globalSetup: [] },
      },
      ...(realSet === undefined
        ? []
        : [
            {
              extends: true as const,
              test: {
                name: 'real',
                include: [...realSet],
                exclude: NOT_OURS,
                testTimeout: 600_000,
                env: { PATH: realPath },
                globalSetup: [],
              },
            },
          ]),
      { extends: true, test: { name: 'e2e', include: ['e2e/**/*.test.ts'], exclude: BUILT_IN, testTimeout: 600_000, globalSetup: [] } },
    ],
  },
})
