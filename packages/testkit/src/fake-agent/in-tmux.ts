/** The fake agent in a real pane of a temporary home. */

import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { eventuallyDead } from '../faults.ts'
import type { TempHome } from '../temp-home.ts'
import { until } from '../until.ts'
import { type AgentEvent, bytesRead, type LogEntry, readAgentLog, readSubmits, type SubmitEntry } from './agent-log.ts'
import type { AgentScript } from './script.ts'

const PROGRAM = join(import.meta.dirname, 'main.ts')

export interface PaneAgentOptions {
  modes?: readonly string[]
  script?: AgentScript
  /** Session name, also the prefix of its files. */
  name?: string
}

/** Arguments that run the fake agent, and the environment that tells it where to write. */
export function agentCommand(home: TempHome, options: PaneAgentOptions = {}) {
  const name = options.name ?? 'agent'
  const file = (suffix: string) => join(home.root, `${name}${suffix}`)
  const argv = [process.execPath, PROGRAM, ...(options.modes ?? []).flatMap((mode) => ['--mode', mode])]
  if (options.script !== undefined) {
    writeFileSync(file('.script.json'), JSON.stringify(options.script))
    argv.push('--script', file('.script.json'))
  }
  const env = { FAKE_AGENT_LOG: file('.log'), FAKE_AGENT_SUBMITS: file('.submits'), FAKE_AGENT_TRIGGER: file('.trigger') }
  const runtimeEnv = { MOSAIC_JOURNAL: file('.journal'), MOSAIC_LINK: file('.link'), MOSAIC_HEARTBEAT_FILE: file('.hb') }
  return { name, argv, env: { ...env, ...runtimeEnv } }
}

export class PaneAgent {
  readonly #home: TempHome
  readonly #target: string
  readonly env: ReturnType<typeof agentCommand>['env']
  readonly pid: number

  constructor(home: TempHome, name: string, env: PaneAgent['env'], pid: number) {
    this.#home = home
    this.#target = `=${name}:`
    this.env = env
    this.pid = pid
  }

  log(): LogEntry[] {
    return readAgentLog(this.env.FAKE_AGENT_LOG)
  }

  submits(): SubmitEntry[] {
    return readSubmits(this.env.FAKE_AGENT_SUBMITS)
  }

  bytes(): Buffer {
    return bytesRead(this.log())
  }

  /** The first log entry of this kind, when it is there. */
  logged(event: AgentEvent): Promise<LogEntry> {
    return until(() => this.log().find((entry) => entry.event === event), { what: `${event} in the log of the fake agent` })
  }

  /** Makes the trigger file appear. */
  trigger(): void {
    writeFileSync(this.env.FAKE_AGENT_TRIGGER, '')
  }

  /** One bracketed paste (if the program asked for such) and Enter. */
  async paste(text: string): Promise<void> {
    const file = join(this.#home.root, 'paste')
    writeFileSync(file, text)
    const buffer = ['load-buffer', '-b', 'paste', file, ';', 'paste-buffer', '-p', '-r', '-d', '-b', 'paste', '-t', this.#target]
    await this.#home.tmux(...buffer, ';', 'send-keys', '-t', this.#target, 'Enter')
  }

  async keys(...names: string[]): Promise<void> {
    await this.#home.tmux('send-keys', '-t', this.#target, ...names)
  }

  screen(): Promise<string> {
    return this.#home.tmux('capture-pane', '-p', '-t', this.#target)
  }

  /** Exit status or signal of the dead pane. */
  async death(): Promise<{ status: string; signal: string }> {
    await eventuallyDead(this.pid)
    const format = '#{pane_dead} #{pane_dead_status}/#{pane_dead_signal}'
    return until(async () => {
      // tmux may miss the death of a pane's process until another child of it ends.
      await this.#home.tmux('run-shell', 'true')
      const [dead, how = ''] = (await this.#home.tmux('display-message', '-p', '-t', this.#target, format)).trim().split(' ')
      const [status = '', signal = ''] = how.split('/')
      return dead === '1' && how !== '/' && { status, signal }
    })
  }
}

/** Starts it in a session of its own, whose dead pane is kept. */
export async function startPaneAgent(home: TempHome, options: PaneAgentOptions = {}): Promise<PaneAgent> {
  const { name, argv, env } = agentCommand(home, options)
  const variables = Object.entries(env).flatMap(([key, value]) => ['-e', `${key}=${value}`])
  const create = ['new-session', '-d', '-P', '-F', '#{pane_pid}', '-s', name, '-x', '120', '-y', '40', ...variables, ...argv]
  const pid = await home.tmux('start-server', ';', 'set-option', '-g', 'remain-on-exit', 'on', ';', ...create)
  return new PaneAgent(home, name, env, Number(pid))
}
