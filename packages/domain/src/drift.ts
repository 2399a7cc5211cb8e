/** Drift: what runs is not what the roster defines. Config defines, the session runs, the difference is shown. */

import type { AgentDefinition } from './agent.ts'

/** What was baked into a session when it was launched. */
export interface LaunchedAs {
  runtime: string
  model: string | null
  workingDirectory: string
  /** argv as the roster gave it; empty when the adapter chose it. */
  argv: readonly string[]
  /** This and the following are not in the records of fleets that were started by an earlier version. */
  yolo?: boolean
  /** `null`: the runtime's own. */
  effort?: string | null
  /** As the roster gave it, which holds no secrets. */
  env?: Readonly<Record<string, string>>
}

/** What a launch of this agent bakes in. */
export const launchedAs = (agent: AgentDefinition): LaunchedAs => ({
  runtime: agent.runtime,
  model: agent.model ?? null,
  workingDirectory: agent.workingDirectory,
  argv: agent.command ?? [],
  yolo: agent.yolo,
  effort: agent.effort ?? null,
  env: agent.env,
})

/** What is seen of a living session now. */
export interface RunningAs {
  launched: LaunchedAs | undefined
  /** The runtime as recognised in the pane's process tree; `undefined` when it could not be read. */
  runtimeProcess: boolean | undefined
}

/**
 * Why `running` is not what `defined` says; empty when it is.
 * @param argv what the roster gives now
 */
export function driftReasons(defined: AgentDefinition, running: RunningAs, argv: readonly string[] | undefined): string[] {
  const { launched } = running
  if (launched === undefined) return ['it was not launched by this fleet']
  const reasons: string[] = []
  if (launched.runtime !== defined.runtime) reasons.push(`runtime: runs ${launched.runtime}, roster says ${defined.runtime}`)
  const model = defined.model ?? null
  if (launched.model !== model) reasons.push(`model: runs ${launched.model ?? 'the default'}, roster says ${model ?? 'the default'}`)
  if (launched.workingDirectory !== defined.workingDirectory) {
    reasons.push(`cwd: runs in ${launched.workingDirectory}, roster says ${defined.workingDirectory}`)
  }
  if (argv !== undefined && reasons.length === 0 && launched.argv.join('\0') !== argv.join('\0'))
    reasons.push('command: runs with other arguments than the roster gives')
  reasons.push(...settingReasons(defined, launched))
  if (running.runtimeProcess === false) reasons.push(`process: ${defined.runtime} is not what runs in the pane`)
  return reasons
}

/** Of the settings that are handed to a runtime at its launch. Values of variables are not shown. */
function settingReasons(defined: AgentDefinition, { runtime, yolo, effort, env }: LaunchedAs): string[] {
  const reasons: string[] = []
  const inWords = (on: boolean) => (on ? 'on' : 'off')
  if (yolo !== undefined && yolo !== defined.yolo) reasons.push(`yolo: runs with it ${inWords(yolo)}, roster says ${inWords(defined.yolo)}`)
  const wanted = defined.effort ?? null
  if (effort !== undefined && effort !== wanted) {
    reasons.push(`effort: runs ${effort ?? 'the default'}, roster says ${wanted ?? 'the default'}`)
  }
  // Another runtime has settings of its own.
  if (env !== undefined && runtime === defined.runtime) {
    const names = [...new Set([...Object.keys(env), ...Object.keys(defined.env)])].filter((name) => env[name] !== defined.env[name])
    if (names.length > 0) reasons.push(`env: runs with another ${names.sort().join(', ')} than the roster gives`)
  }
  return reasons
}
