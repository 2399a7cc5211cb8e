import type { RuntimeId } from '@mosaic/domain/roster'
import { recordedScreens } from '@mosaic/testkit/recorded-screens'
import { describe, expect, it } from 'vitest'
import { classifyRuntimeScreen } from './screen-classifier.ts'

const SHOWN: Readonly<Record<string, string>> = {
  idle: 'idle',
  busy: 'busy',
  'busy-queued': 'busy',
  'busy-tool': 'busy',
  dialog: 'waiting',
  draft: 'draft',
  'after-error': 'idle',
}

/** Where a runtime's own word says more than its screen. */
const UNTOLD: Readonly<Record<string, string>> = {
  // While it streams, codex shows nothing but the answer.
  'codex busy': 'idle',
  'codex busy-queued': 'idle',
  // What starts draws its composer before it takes input.
  'claude starting': 'idle',
  'codex starting': 'idle',
  'pi starting': 'idle',
  // It tries again by itself, or has ended its turn.
  'claude limit': 'busy',
  'claude logged-out': 'busy',
  'codex limit': 'idle',
  'pi limit': 'busy',
  'pi logged-out': 'idle',
}

/** What the recorder could not bring about, or what showed something else when it did. */
const NOT_RECORDED = [
  'codex after-error',
  'codex logged-out',
  'opencode after-error',
  'opencode idle',
  'opencode limit',
  'opencode logged-out',
  'opencode starting',
]

describe('a recorded screen', () => {
  it('is there of each runtime and state, but for those that are named', () => {
    const recorded = new Set(recordedScreens().map(({ runtime, state }) => `${runtime} ${state}`))
    const states = [...Object.keys(SHOWN), 'starting', 'limit', 'logged-out']
    const all = ['claude', 'codex', 'opencode', 'pi'].flatMap((runtime) => states.map((state) => `${runtime} ${state}`))
    expect(all.filter((one) => !recorded.has(one)).sort()).toEqual(NOT_RECORDED)
  })

  it.each(recordedScreens())('of $runtime $version that is $state is known', ({ runtime, state, text }) => {
    const shown = UNTOLD[`${runtime} ${state}`] ?? SHOWN[state]
    expect(classifyRuntimeScreen(runtime as RuntimeId, text).activity).toBe(shown)
  })

  it.each(recordedScreens().filter(({ state }) => state === 'idle'))(
    'of $runtime is unknown when something follows, or when its end is missing',
    ({ runtime, text }) => {
      const cut = text.trimEnd().split('\n').slice(0, -4).join('\n')
      expect(classifyRuntimeScreen(runtime as RuntimeId, cut).activity).toBe('unknown')
    },
  )
})

it.each(['', '\n\n', '$ ', 'root@box:~# ', 'Do you trust this folder?\n> 1. Yes\n  2. No'])(
  'an unknown screen is unknown to all: %j',
  (text) => {
    for (const runtime of ['claude', 'codex', 'opencode', 'pi'] as const) {
      expect(classifyRuntimeScreen(runtime, text)).toEqual({ activity: 'unknown', line: null })
    }
  },
)
