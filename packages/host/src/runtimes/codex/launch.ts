/** How codex is started: its app-server is the pane's process, and its screen a child of that. */

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { AgentDefinition } from '@mosaic/domain/agent'
import { FleetError } from '@mosaic/domain/error'
import type { LaunchContext, LaunchRecipe } from '@mosaic/domain/ports/runtime'
import { CODEX_INHERITED } from './environment.ts'
import { resumable } from './thread-file.ts'
import { override } from './toml.ts'

/**
 * A constant. `$1` is the socket, `$2` the screen's own home; then the screen's command, `--`, and the app-server's. The
 * screen has the terminal and begins when the socket is there; when it ends, for whatever reason, so does the app-server.
 * When the app-server ends, its terminal hangs up and ends the screen: there is never the one without the other.
 *
 * Codex's screen writes into the config.toml of its home by itself, so it gets a home with a copy. What codex refuses in a
 * configuration is asked for first, where it can still be seen.
 */
const PANE = `socket=$1 home=$2; shift 2
screen=0
for word do [ "$word" != -- ] || break; screen=$((screen + 1)); done
start() { shift "$((screen + 1))"; exec "$@"; }
rm -f "$socket"
umask 077
mkdir -p "$home"
cat "\${CODEX_HOME:-$HOME/.codex}/config.toml" >"$home/config.toml" 2>/dev/null
(start "$@" --print-startup-config) </dev/null >"$home/start.log" 2>&1 || { cat "$home/start.log" >&2; exit 78; }
umask 022
exec 3<&0
{
  at=0
  for word do shift; [ "$at" -ge "$screen" ] || set -- "$@" "$word"; at=$((at + 1)); done
  until [ -S "$socket" ]; do sleep 0.02; done
  CODEX_HOME=$home "$@" 9>&-
  kill -TERM $$
} <&3 3<&- &
start "$@" --listen "unix://$socket" </dev/null >/dev/null 2>&1 3<&-`

/** What Linux takes as one argument. */
const MAX_ARGUMENT_BYTES = 128 * 1024

/** Nothing that asks or advertises. */
const QUIET = [...override('check_for_update_on_startup', false), ...override('tui.show_tooltips', false)]

/** Codex's own words for effort; what it calls `xhigh` is the most that all of its models take. */
const effortOf = ({ effort }: AgentDefinition): string | undefined => (effort === 'max' ? 'xhigh' : effort)

/** What the agent may do, said to the screen too, because a new conversation gets it from there. */
function permissions({ yolo, workingDirectory }: AgentDefinition): string[] {
  const trust = JSON.stringify(workingDirectory)
  return [
    ...override(`projects.${trust}.trust_level`, 'trusted'),
    ...(yolo ? [...override('approval_policy', 'never'), ...override('sandbox_mode', 'danger-full-access')] : []),
  ]
}

/** @throws FleetError `invalid` for a contract that the kernel takes as no argument */
function instructions(contractFile: string): string[] {
  const words = override('developer_instructions', readFileSync(contractFile, 'utf8'))
  if (words.every((word) => Buffer.byteLength(word) < MAX_ARGUMENT_BYTES)) return words
  throw new FleetError('invalid', `the contract has more than ${MAX_ARGUMENT_BYTES} bytes, which codex cannot be given`, {
    where: contractFile,
    mend: "shorten the profile's contract",
  })
}

function serverOverrides({ agent, contractFile, endpoint }: LaunchContext): string[] {
  const effort = effortOf(agent)
  return [
    ...override('check_for_update_on_startup', false),
    ...override('analytics.enabled', false),
    ...instructions(contractFile),
    ...override('mcp_servers.fleet.url', `${endpoint.url}/mcp`),
    ...override('mcp_servers.fleet.bearer_token_env_var', endpoint.tokenVariable),
    ...override('mcp_servers.fleet.default_tools_approval_mode', 'approve'),
    ...permissions(agent),
    ...(agent.model === undefined ? [] : override('model', agent.model)),
    ...(effort === undefined ? [] : override('model_reasoning_effort', effort)),
  ]
}

export function launch(context: LaunchContext): LaunchRecipe {
  const { agent, program, linkSocket, stateDirectory, resume } = context
  const address = `unix://${linkSocket}`
  const thread = resume ? resumable(stateDirectory) : undefined
  // A screen that resumes may not say what is allowed: that is the app-server's to know.
  const start = thread === undefined ? permissions(agent) : ['resume', thread]
  const screen = [...program.argv, ...QUIET, ...start, '--remote', address]
  const server = [...program.argv, 'app-server', ...serverOverrides(context)]
  return {
    argv: ['/bin/sh', '-c', PANE, 'sh', linkSocket, join(stateDirectory, 'codex-screen'), ...screen, '--', ...server],
    env: { ...agent.env },
    inherit: CODEX_INHERITED,
  }
}
