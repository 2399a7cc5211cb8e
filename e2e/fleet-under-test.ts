/** The built product in a world of its own: the command as a user runs it, the files it makes, the terminals it holds. */

import { type ChildProcess, spawn } from 'node:child_process'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { AgentRecord, FleetSnapshot } from '@mosaic/domain/agent-record'
import type { Receipt } from '@mosaic/domain/message'
import { type MosaicPaths, resolvePaths } from '@mosaic/host/paths'
import { programPath } from '@mosaic/host/programs'
import { connectService, type ServiceClient } from '@mosaic/host/service/client'
import { type TempHome, tempHome } from '@mosaic/testkit/temp-home'
import { until } from '@mosaic/testkit/until'

export interface Ended {
  /** Exit status; `null` when a signal ended it. */
  status: number | null
  stdout: string
  stderr: string
}

export interface RunOptions {
  stdin?: string | Buffer
  env?: Readonly<Record<string, string>>
  cwd?: string
  /** Another build's `mosaic.mjs`. */
  program?: string
  /** The child, for tests that kill it. */
  onStart?: (child: ChildProcess) => void
}

export interface FleetOptions {
  /** Lines of the roster's `agents:` list and whatever follows; the socket is added. Absent: no roster is written. */
  roster?: string
  heartbeatInterval?: number
  env?: Readonly<Record<string, string>>
  /** Every tmux socket, also those that the product names, in this world's own directory. */
  ownTmuxDirectory?: boolean
}

export class FleetUnderTest implements AsyncDisposable {
  readonly home: TempHome
  readonly paths: MosaicPaths

  private constructor(home: TempHome) {
    this.home = home
    this.paths = resolvePaths({ env: home.env })
  }

  static async make(options: FleetOptions = {}): Promise<FleetUnderTest> {
    const { roster, ...rest } = options
    // An interval that bears a slow machine: nobody is late who merely got no processor.
    const fleet = new FleetUnderTest(await tempHome({ heartbeatInterval: 2, ...rest }))
    if (roster !== undefined) fleet.writeRoster(roster)
    return fleet
  }

  /** Writes a roster on this world's own tmux socket. */
  writeRoster(rest: string): void {
    mkdirSync(this.paths.fleet, { recursive: true, mode: 0o700 })
    const head = `version: 1\ntenant_id: acme\nhost: box\ntmux:\n  socket_name: ${this.home.tmuxSocket}\n`
    writeFileSync(this.paths.roster, `${head}${rest}`)
  }

  /** `mosaic ...args`, to its end. */
  async mosaic(args: readonly string[], options: RunOptions = {}): Promise<Ended> {
    const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', options.program ?? programPath('mosaic'), ...args], {
      cwd: options.cwd ?? this.home.home,
      env: { ...this.home.env, ...options.env },
      stdio: 'pipe',
    })
    options.onStart?.(child)
    const out: Buffer[] = []
    const err: Buffer[] = []
    child.stdout.on('data', (chunk: Buffer) => out.push(chunk))
    child.stderr.on('data', (chunk: Buffer) => err.push(chunk))
    child.stdin.on('error', () => {})
    child.stdin.end(options.stdin ?? '')
    const status = await new Promise<number | null>((resolve, reject) => {
      child.once('error', reject)
      child.once('close', resolve)
    })
    return { status, stdout: Buffer.concat(out).toString('utf8'), stderr: Buffer.concat(err).toString('utf8') }
  }

  /** The same, which must succeed. @throws Error with what it wrote */
  async ok(args: readonly string[], options: RunOptions = {}): Promise<string> {
    const { status, stdout, stderr } = await this.mosaic(args, options)
    if (status !== 0) throw new Error(`mosaic ${args.join(' ')}: exit ${status}\n${stdout}\n${stderr}`)
    return stdout
  }

  /** The answer of a verb with `--json`, whatever its exit status. */
  async json<T>(args: readonly string[], options: RunOptions = {}): Promise<T> {
    const { stdout, stderr } = await this.mosaic([...args, '--json'], options)
    try {
      return JSON.parse(stdout) as T
    } catch (error) {
      throw new Error(`mosaic ${args.join(' ')} --json wrote ${JSON.stringify(stdout)}\n${stderr}`, { cause: error })
    }
  }

  snapshot(): Promise<FleetSnapshot> {
    return this.json<FleetSnapshot>(['fleet', 'ps'])
  }

  /** As `fleet ps` has it: asked of the host service itself, which costs no process, or else of the command. */
  async agent(name: string): Promise<AgentRecord> {
    const snapshot = (await this.#ask((client) => client.snapshot())) ?? (await this.snapshot())
    const found = snapshot.agents.find((record) => record.name === name)
    if (found === undefined) throw new Error(`the fleet has no ${name}`)
    return found
  }

  /** `undefined` when no host service listens. */
  async #ask<T>(question: (client: ServiceClient) => Promise<T>): Promise<T | undefined> {
    await using client = await connectService(this.paths)
    return client === undefined ? undefined : await question(client)
  }

  /** Waits until the agent's record is as wanted. */
  agentThat(name: string, what: string, test: (record: AgentRecord) => boolean): Promise<AgentRecord> {
    const probe = async (): Promise<AgentRecord | undefined> => {
      const record = await this.agent(name)
      return test(record) ? record : undefined
    }
    return until(probe, { what: `${name}: ${what}`, everyMs: 100, withinMs: 60_000 })
  }

  healthy(name: string): Promise<AgentRecord> {
    return this.agentThat(name, 'healthy', (record) => record.health === 'healthy')
  }

  /** `agent send NAME --verify --json` with the text on stdin; patient, unless `more` says otherwise. */
  async send(name: string, text: string | Buffer, more: readonly string[] = []): Promise<{ status: number | null; receipt: Receipt }> {
    const patience = more.includes('--verify-timeout') ? [] : ['--verify-timeout', '60000']
    const args = ['agent', 'send', name, '--file', '-', '--verify', '--json', ...patience, ...more]
    const { status, stdout, stderr } = await this.mosaic(args, { stdin: text })
    try {
      return { status, receipt: JSON.parse(stdout) as Receipt }
    } catch (error) {
      throw new Error(`agent send wrote ${JSON.stringify(stdout)}\n${stderr}`, { cause: error })
    }
  }

  async receipt(id: string): Promise<Receipt> {
    return (await this.#ask((client) => client.receipt(id))) ?? this.json<Receipt>(['agent', 'receipt', id])
  }

  /** What a stub agent took, exactly, in order: preamble and text. */
  taken(name: string): string[] {
    const file = join(this.paths.stateOf(name), 'transcript.jsonl')
    const lines = readFileSync(file, 'utf8').split('\n').filter(Boolean)
    return lines
      .map((line) => JSON.parse(line) as { role: string; text: string })
      .flatMap(({ role, text }) => (role === 'user' ? [text] : []))
  }

  /** Types a line into an agent's pane, as a person who is attached would. */
  async type(name: string, line: string): Promise<void> {
    const target = `=${name}:`
    await this.home.tmux('send-keys', '-l', '-t', target, '--', line, ';', 'send-keys', '-t', target, 'Enter')
  }

  /** Process id of the host service. */
  async servicePid(): Promise<number> {
    const status = await this.#ask((client) => client.status())
    if (status === undefined) throw new Error('no host service listens')
    return status.pid
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.home[Symbol.asyncDispose]()
  }
}

/** Two stub agents: the floor of a fleet. */
export const TWO_STUBS = 'defaults:\n  runtime: stub\n  working_directory: /tmp\nagents:\n  - name: orchestrator\n  - name: enhancer\n'
