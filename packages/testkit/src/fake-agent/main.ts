/** A scripted terminal program that stands in for an agent's runtime. */

import { readFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { FleetError } from '@mosaic/domain/error'
import { FakeAgent } from './agent.ts'
import { LineFile } from './agent-log.ts'
import { MODE_NAMES, modeScript, TRIGGER_VARIABLE } from './modes.ts'
import { FleetRuntimeVoice } from './runtime-voice.ts'
import { Screen } from './screen.ts'
import { type AgentScript, joinScripts, parseAgentScript } from './script.ts'

/** A forgotten agent, one that ignores its hang-up for instance, ends by itself after this, milliseconds. */
const MAX_LIFE_MS = 3_600_000

const USAGE = `usage: main.ts [--mode NAME]... [--script FILE]...
modes: ${MODE_NAMES.join(', ')}
environment: FAKE_AGENT_LOG, FAKE_AGENT_SUBMITS, ${TRIGGER_VARIABLE}
`

const wordsOf = (value: unknown): string[] => (Array.isArray(value) ? value.filter((word) => typeof word === 'string') : [])

function scriptOf(argv: readonly string[]): AgentScript {
  const { values } = parseArgs({
    args: [...argv],
    options: { mode: { type: 'string', multiple: true }, script: { type: 'string', multiple: true }, help: { type: 'boolean' } },
    // A fleet adds options of its own kind to what it launches.
    strict: false,
  })
  if (values['help'] === true) {
    process.stdout.write(USAGE)
    process.exit(0)
  }
  const names = wordsOf(values['mode'])
  const files = wordsOf(values['script'])
  return joinScripts([
    ...names.map((name) => modeScript(name, process.env[TRIGGER_VARIABLE])),
    ...files.map((file) => parseAgentScript(readFileSync(file, 'utf8'))),
  ])
}

function listen(agent: FakeAgent): void {
  if (process.stdin.isTTY) process.stdin.setRawMode(true)
  process.stdin.on('data', (chunk: Buffer) => agent.input(chunk))
  process.stdin.on('error', () => undefined)
  process.stdin.on('close', () => {
    if (!agent.ignoresHangUp) process.exit(0)
  })
}

function run(script: AgentScript): void {
  const { env } = process
  const screen = new Screen(process.stdout, { prompt: script.prompt ?? 'fake> ', alternate: script.alternateScreen === true })
  const parts = {
    script,
    screen,
    log: new LineFile(env['FAKE_AGENT_LOG']),
    submits: new LineFile(env['FAKE_AGENT_SUBMITS']),
    model: env['MOSAIC_MODEL'] ?? null,
    exit: (code: number) => process.exit(code),
  }
  const agent = new FakeAgent(parts)
  if (script.cooperative === true) {
    const voice = new FleetRuntimeVoice(
      env,
      () => agent.state,
      () => agent.reset(),
    )
    agent.voice = voice
    voice.start()
  }
  agent.begin()
  setTimeout(() => process.exit(99), MAX_LIFE_MS)
  setTimeout(() => {
    listen(agent)
    agent.becomeReady()
  }, script.readyAfterMs ?? 0)
}

try {
  run(scriptOf(process.argv.slice(2)))
} catch (error) {
  if (!(error instanceof FleetError)) throw error
  process.stderr.write(`${error.message}${error.mend === undefined ? '' : `; ${error.mend}`}\n`)
  process.exit(2)
}
