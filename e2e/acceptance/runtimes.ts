/** The four real runtimes: how each is set up at a model server, made busy, and brought to ask a person. */

import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { writeClaudeHome } from '@mosaic/testkit/fake-llm/claude-home'
import { claudeComposed, claudeUnwrapped } from '@mosaic/testkit/fake-llm/claude-texts'
import { writeCodexHome } from '@mosaic/testkit/fake-llm/codex-home'
import { writeOpenCodeHome } from '@mosaic/testkit/fake-llm/opencode-home'
import { writePiHome } from '@mosaic/testkit/fake-llm/pi-home'
import type { Reply } from '@mosaic/testkit/fake-llm/reply'

export const RUNTIMES = ['claude', 'codex', 'opencode', 'pi'] as const
export type RuntimeId = (typeof RUNTIMES)[number]

export interface Places {
  /** HOME of the operator. */
  home: string
  /** The working directory. */
  work: string
  /** A pipe that a command reads until it is opened and closed by the test. */
  gate: string
  /** A script that may run. */
  script: string
  /** Made by the command that a person is asked for. */
  touched: string
}

export interface RuntimeUnderTest {
  id: RuntimeId
  package: string
  /** Writes what an operator who has used it would have; what its environment needs on top. */
  prepare(places: Places, llmUrl: string): Record<string, string>
  /** A command that runs without a question. */
  runs(command: string): Reply
  /** What opens a question, as it is said to the model or typed, and what tells on the screen that it was answered with yes. */
  asks: { by: 'tool' } | { by: 'typing'; command: string; approved: string }
  /** Takes off what stands around a message that came in the middle of a turn. */
  unwrap(text: string): string
  /** What its terminal makes of a text, where it is typed and that alters it. */
  composed?(text: string): string
}

const asIs = (text: string): string => text

/** A context in which nothing of a test is compacted, where the runtime lets one say it. */
const ENDLESS = 1_000_000_000

const claude: RuntimeUnderTest = {
  id: 'claude',
  package: '@anthropic-ai/claude-code',
  prepare: ({ home, gate, script }, llmUrl) => {
    const allow = [`Bash(cat ${gate})`, `Bash(sh ${script})`]
    return writeClaudeHome(home, llmUrl, { settings: { permissions: { defaultMode: 'default', allow } } }).env
  },
  runs: (command) => ({ toolCalls: [{ name: 'Bash', input: { command, description: 'as asked' } }] }),
  asks: { by: 'tool' },
  unwrap: claudeUnwrapped,
  composed: claudeComposed,
}

const codex: RuntimeUnderTest = {
  id: 'codex',
  package: '@openai/codex',
  prepare: ({ home }, llmUrl) => {
    const { codexDirectory, env } = writeCodexHome(home, llmUrl, {
      settings: ['sandbox_mode = "danger-full-access"', 'approval_policy = "on-request"', `model_context_window = ${ENDLESS}`],
    })
    mkdirSync(join(codexDirectory, 'rules'))
    writeFileSync(join(codexDirectory, 'rules', 'default.rules'), 'prefix_rule(pattern=["touch"], decision="prompt")\n')
    return env
  },
  runs: (command) => ({ toolCalls: [{ name: 'exec_command', input: { cmd: command, yield_time_ms: 30_000 } }] }),
  asks: { by: 'tool' },
  unwrap: asIs,
}

const opencode: RuntimeUnderTest = {
  id: 'opencode',
  package: 'opencode-ai',
  prepare: ({ home }, llmUrl) =>
    writeOpenCodeHome(home, llmUrl, { contextWindow: ENDLESS, config: { permission: { bash: { '*': 'allow', 'touch *': 'ask' } } } }).env,
  runs: (command) => ({ toolCalls: [{ name: 'bash', input: { command, description: 'as asked' } }] }),
  asks: { by: 'tool' },
  unwrap: asIs,
}

/** What an operator's own extension does that asks before something happens: pi itself asks nobody. */
const ASKING = `export default (pi) => pi.registerCommand('may-i', {
  description: 'asks',
  handler: async (_args, ctx) => { ctx.ui.notify(await ctx.ui.confirm('May I?', 'Say it.') ? 'was-approved' : 'was-denied') },
})
`

const pi: RuntimeUnderTest = {
  id: 'pi',
  package: '@earendil-works/pi-coding-agent',
  prepare: ({ home }, llmUrl) => {
    const { agentDirectory, env } = writePiHome(home, llmUrl, { contextWindow: ENDLESS })
    mkdirSync(join(agentDirectory, 'extensions'))
    writeFileSync(join(agentDirectory, 'extensions', 'asking.ts'), ASKING)
    return env
  },
  runs: (command) => ({ toolCalls: [{ name: 'bash', input: { command } }] }),
  asks: { by: 'typing', command: '/may-i', approved: 'was-approved' },
  unwrap: asIs,
}

export const runtimeUnderTest: Readonly<Record<RuntimeId, RuntimeUnderTest>> = { claude, codex, opencode, pi }

const ROOT = join(import.meta.dirname, '..', '..')
/** pi is installed with the tests; the others by themselves, because they are large. */
const INSTALLED = [join(ROOT, 'e2e', 'runtimes', 'node_modules'), join(ROOT, 'node_modules')]

/** Where the runtimes of the tested versions are, for PATH. */
export const programDirectories: readonly string[] = INSTALLED.map((directory) => join(directory, '.bin'))

/** `undefined` when it is not installed here. */
export function installedVersion(runtime: RuntimeUnderTest): string | undefined {
  const manifest = INSTALLED.map((directory) => join(directory, runtime.package, 'package.json')).find((file) => existsSync(file))
  return manifest === undefined ? undefined : (JSON.parse(readFileSync(manifest, 'utf8')) as { version: string }).version
}
