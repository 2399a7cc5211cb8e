/** The acts of a script, as things that happen to this process. */

import { spawn } from 'node:child_process'
import type { FakeAgent } from './agent.ts'
import { printGarbage } from './garbage.ts'
import type { Act } from './script.ts'

/** A forgotten process ends by itself after this, milliseconds. */
const MAX_HANG_MS = 600_000
const MAX_CHILD_MS = 600_000

const NOTHING = new Int32Array(new SharedArrayBuffer(4))

/** Neither input, timers nor sockets are served until it returns. */
function hang(how: 'spin' | 'sleep', forMs: number): void {
  const end = performance.now() + forMs
  if (how === 'sleep') Atomics.wait(NOTHING, 0, 0, forMs)
  while (performance.now() < end);
}

function spawnChild(forMs: number): number {
  const program = `process.on('SIGHUP', () => {}); process.on('SIGTERM', () => {}); setTimeout(() => {}, ${forMs})`
  const child = spawn(process.execPath, ['-e', program], { detached: true, stdio: 'ignore' })
  child.unref()
  return child.pid ?? 0
}

function die(how: { code: number } | { signal: NodeJS.Signals }, agent: FakeAgent): void {
  if ('code' in how) agent.exit(how.code)
  else {
    process.removeAllListeners(how.signal)
    process.kill(process.pid, how.signal)
  }
}

export function perform(act: Act, agent: FakeAgent): void {
  if ('think' in act) agent.think(act.think)
  else if ('settle' in act) agent.settle()
  else if ('dialog' in act) agent.openDialog(act.dialog)
  else if ('closeDialog' in act) agent.closeDialog()
  else if ('swallow' in act) agent.swallows = act.swallow
  else if ('bracketedPaste' in act) agent.setBracketedPaste(act.bracketedPaste)
  else if ('garbage' in act) printGarbage(act.garbage, (bytes) => agent.screen.write(bytes))
  else if ('hang' in act) {
    agent.log('hangs')
    hang(act.hang.how ?? 'sleep', act.hang.forMs ?? MAX_HANG_MS)
  } else if ('die' in act) {
    agent.log('dies')
    die(act.die, agent)
  } else if ('spawnChild' in act) {
    agent.log('child', { detail: spawnChild(act.spawnChild.forMs ?? MAX_CHILD_MS) })
  } else ignore(act.ignoreSignals, agent)
}

function ignore(signals: readonly NodeJS.Signals[], agent: FakeAgent): void {
  for (const signal of signals) process.on(signal, () => agent.log('signal', { detail: signal }))
  if (signals.includes('SIGHUP')) agent.ignoresHangUp = true
}
