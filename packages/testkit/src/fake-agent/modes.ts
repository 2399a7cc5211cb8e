/** Ready scripts by name. They can be combined: `--mode cooperative --mode dialog-on-submit`. */

import { FleetError } from '@mosaic/domain/error'
import type { AgentScript } from './script.ts'

/** The trigger file of the modes that wait for one, in the environment. */
export const TRIGGER_VARIABLE = 'FAKE_AGENT_TRIGGER'

const QUESTION = 'Run `rm -rf build`?'

const MODES: Readonly<Record<string, (trigger: string) => AgentScript>> = {
  /** A prompt that accepts what is submitted, and tells nobody. */
  plain: () => ({}),
  cooperative: () => ({ cooperative: true }),
  'slow-start': () => ({ readyAfterMs: 2_000 }),
  'alternate-screen': () => ({ alternateScreen: true }),
  thinks: () => ({ rules: [{ when: { submit: 'each' }, do: { think: 1_000 } }] }),
  'thinks-until-trigger': (file) => ({
    rules: [
      { when: { submit: 'each' }, do: { think: 3_600_000 } },
      { when: { file }, do: { settle: true } },
    ],
  }),
  'hang-at-start': () => ({ rules: [{ when: { afterMs: 0 }, do: { hang: {} } }] }),
  'hang-on-submit': () => ({ rules: [{ when: { received: 1 }, do: { hang: {} } }] }),
  'hang-on-trigger': (file) => ({ rules: [{ when: { file }, do: { hang: {} } }] }),
  'spin-on-trigger': (file) => ({ rules: [{ when: { file }, do: { hang: { how: 'spin' } } }] }),
  'crash-loop': () => ({ rules: [{ when: { start: true }, do: { die: { code: 1 } } }] }),
  'die-on-receipt': () => ({ rules: [{ when: { received: 1 }, do: { die: { signal: 'SIGKILL' } } }] }),
  'die-on-submit': () => ({ rules: [{ when: { submit: 1 }, do: { die: { signal: 'SIGKILL' } } }] }),
  'die-on-trigger': (file) => ({ rules: [{ when: { file }, do: { die: { code: 3 } } }] }),
  garbage: () => ({ rules: [{ when: { afterMs: 0 }, do: { garbage: {} } }] }),
  swallow: () => ({ rules: [{ when: { start: true }, do: { swallow: true } }] }),
  dialog: () => ({ rules: [{ when: { start: true }, do: { dialog: QUESTION } }] }),
  'dialog-on-submit': () => ({ rules: [{ when: { submit: 'each' }, do: { dialog: QUESTION } }] }),
  'dialog-on-trigger': (file) => ({ rules: [{ when: { file }, do: { dialog: QUESTION } }] }),
  'no-bracketed-paste': () => ({ rules: [{ when: { start: true }, do: { bracketedPaste: false } }] }),
  stubborn: () => ({ rules: [{ when: { start: true }, do: { ignoreSignals: ['SIGTERM', 'SIGHUP', 'SIGINT'] } }] }),
  orphan: () => ({ rules: [{ when: { afterMs: 0 }, do: { spawnChild: {} } }] }),
}

export const MODE_NAMES = Object.keys(MODES)

/**
 * @param trigger path of the trigger file, for the modes that wait for one
 * @throws FleetError `invalid` for an unknown name, or a mode that lacks its trigger file
 */
export function modeScript(name: string, trigger: string | undefined): AgentScript {
  const mode = Object.hasOwn(MODES, name) ? MODES[name] : undefined
  if (mode === undefined)
    throw new FleetError('invalid', `no mode ${JSON.stringify(name)}`, { mend: `use one of ${MODE_NAMES.join(', ')}` })
  if (name.endsWith('-trigger') && trigger === undefined) {
    throw new FleetError('invalid', `mode ${name} needs a trigger file`, { mend: `set ${TRIGGER_VARIABLE} to its path` })
  }
  return mode(trigger ?? '')
}
