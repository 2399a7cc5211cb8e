/** A home in which an operator has configured a runtime and used it, with a model server of its own, and no fleet yet. */

import { mkdirSync, writeFileSync } from 'node:fs'
import { delimiter, dirname, join } from 'node:path'
import { writeClaudeHome } from '@mosaic/testkit/fake-llm/claude-home'
import { writeCodexHome } from '@mosaic/testkit/fake-llm/codex-home'
import { writeOpenCodeHome } from '@mosaic/testkit/fake-llm/opencode-home'
import { writePiHome } from '@mosaic/testkit/fake-llm/pi-home'
import { type FakeLlm, startFakeLlm } from '@mosaic/testkit/fake-llm/server'
import { installedVersion, programDirectories, runtimeUnderTest } from '../acceptance/runtimes.ts'
import { FleetUnderTest } from '../fleet-under-test.ts'
import { filesBelow } from './files-below.ts'

export interface OperatorsRuntime {
  id: 'claude' | 'codex' | 'opencode' | 'pi'
  /** Writes the home; what the operator's shell sets besides. */
  prepare(home: string, llmUrl: string): Record<string, string>
  /** What the runtime keeps for itself, whoever starts it: conversations, caches, counters. */
  isItsOwn(path: string): boolean
}

/** An operator's own words, which no fleet may touch. */
function write(home: string, files: Readonly<Record<string, string>>): void {
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(home, path)), { recursive: true, mode: 0o700 })
    writeFileSync(join(home, path), text, { mode: 0o600 })
  }
}

const below = (path: string, places: readonly string[]): boolean =>
  places.some((place) => path === place || path.startsWith(place.endsWith('/') ? place : `${place}/`))

export const claude: OperatorsRuntime = {
  id: 'claude',
  prepare: (home, llmUrl) => {
    write(home, { '.claude/CLAUDE.md': 'Be brief.\n', '.claude/commands/hi.md': 'Say hi.\n', '.claude/agents/x.md': '---\nname: x\n---\n' })
    const { env } = writeClaudeHome(home, llmUrl, { settings: { permissions: { defaultMode: 'default' }, cleanupPeriodDays: 30 } })
    return env
  },
  isItsOwn: (path) =>
    path.startsWith('.claude/')
      ? !below(path, ['.claude/settings.json', '.claude/CLAUDE.md', '.claude/commands/', '.claude/agents/'])
      : path === '.claude.json' || path.startsWith('.cache/') || path.startsWith('.local/'),
}

export const codex: OperatorsRuntime = {
  id: 'codex',
  prepare: (home, llmUrl) => {
    const { env } = writeCodexHome(home, llmUrl, { keyVariable: 'OPENAI_API_KEY' })
    write(home, { '.codex/AGENTS.md': 'Be brief.\n', '.codex/rules/default.rules': 'prefix_rule(pattern=["ls"], decision="allow")\n' })
    return env
  },
  isItsOwn: (path) =>
    path.startsWith('.codex/') && !below(path, ['.codex/config.toml', '.codex/AGENTS.md', '.codex/rules/', '.codex/hooks.json']),
}

export const opencode: OperatorsRuntime = {
  id: 'opencode',
  prepare: (home, llmUrl) => {
    write(home, { '.config/opencode/AGENTS.md': 'Be brief.\n' })
    return writeOpenCodeHome(home, llmUrl).env
  },
  // It installs its plugins' library by npm, whoever starts it; where a registry is reached, npm keeps what it got.
  isItsOwn: (path) =>
    below(path, ['.local/share/opencode', '.local/state/opencode', '.cache/opencode', '.npm']) ||
    below(
      path,
      ['node_modules', 'package.json', 'package-lock.json', 'bun.lock', '.gitignore'].map((name) => `.config/opencode/${name}`),
    ),
}

export const pi: OperatorsRuntime = {
  id: 'pi',
  prepare: (home, llmUrl) => {
    // What pi itself notes at its first start, whoever starts it.
    const { env } = writePiHome(home, llmUrl, { settings: { lastChangelogVersion: installedVersion(runtimeUnderTest.pi) } })
    write(home, { '.pi/agent/auth.json': '{}', '.pi/agent/models-store.json': '{}', '.pi/agent/AGENTS.md': 'Be brief.\n' })
    return env
  },
  isItsOwn: (path) => path.startsWith('.pi/agent/sessions/'),
}

export class OperatorWorld implements AsyncDisposable {
  readonly fleet: FleetUnderTest
  readonly llm: FakeLlm
  readonly #runtime: OperatorsRuntime

  private constructor(runtime: OperatorsRuntime, fleet: FleetUnderTest, llm: FakeLlm) {
    this.#runtime = runtime
    this.fleet = fleet
    this.llm = llm
  }

  static async open(runtime: OperatorsRuntime): Promise<OperatorWorld> {
    const llm = await startFakeLlm({ fallback: { text: 'the answer is forty-two', usage: { input: 100, output: 10 } } })
    // Real runtimes are pinged as they are by default; their sockets have names of their own.
    const fleet = await FleetUnderTest.make({ ownTmuxDirectory: true, heartbeatInterval: 2 })
    const path = [...programDirectories, fleet.home.env['PATH']].join(delimiter)
    Object.assign(fleet.home.env, { PATH: path }, runtime.prepare(fleet.home.home, llm.url))
    return new OperatorWorld(runtime, fleet, llm)
  }

  get home(): string {
    return this.fleet.home.home
  }

  /** The operator's own files, byte for byte. */
  configuration(): Record<string, string> {
    return filesBelow(this.home, (path) => this.#runtime.isItsOwn(path))
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.fleet[Symbol.asyncDispose]()
    await this.llm.close()
  }
}
