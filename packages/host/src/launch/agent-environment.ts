/** The environment of an agent's process: an allow-list, and what this fleet tells the runtime. */

import { existsSync } from 'node:fs'
import { delimiter, dirname, join } from 'node:path'
import type { AgentDefinition } from '@mosaic/domain/agent'
import type { LaunchRecipe } from '@mosaic/domain/ports/runtime'
import { leftBehind } from '../accounts/account-home.ts'
import { TOKEN_VARIABLE, URL_VARIABLE } from '../agent-endpoint/variables.ts'
import type { MosaicPaths } from '../paths.ts'
import { commandDirectory } from '../programs.ts'

/** What every runtime may see of the launcher's environment. Anything else stays behind. */
export const INHERITED: readonly string[] = [
  'HOME',
  'USER',
  'LOGNAME',
  'SHELL',
  'TZ',
  'TMPDIR',
  'LANG',
  'LC_ALL',
  'XDG_RUNTIME_DIR',
  'XDG_CONFIG_HOME',
  'XDG_DATA_HOME',
  'XDG_STATE_HOME',
  'XDG_CACHE_HOME',
  'HTTP_PROXY',
  'HTTPS_PROXY',
  'NO_PROXY',
  'http_proxy',
  'https_proxy',
  'no_proxy',
  'SSL_CERT_FILE',
  'SSL_CERT_DIR',
  'NODE_EXTRA_CA_CERTS',
]

/** Directories where runtimes are installed, besides those on the launcher's own PATH. */
const runtimeDirectories = (home: string): string[] => [
  join(home, '.local', 'bin'),
  join(home, '.npm-global', 'bin'),
  join(home, '.bun', 'bin'),
  join(home, '.opencode', 'bin'),
  '/usr/local/sbin',
  '/usr/local/bin',
  '/usr/sbin',
  '/usr/bin',
  '/sbin',
  '/bin',
]

/** PATH of a pane: our own command, our Node, the launcher's PATH, the usual places; each once and only where it exists. */
export function panePath(launcherPath: string | undefined, home: string): string {
  const wanted = [commandDirectory, dirname(process.execPath), ...(launcherPath ?? '').split(delimiter), ...runtimeDirectories(home)]
  return [...new Set(wanted)].filter((directory) => directory.startsWith('/') && existsSync(directory)).join(delimiter)
}

export interface EnvironmentRequest {
  agent: AgentDefinition
  paths: MosaicPaths
  recipe: LaunchRecipe
  launchId: string
  resume: boolean
  endpoint: { url: string; token: string }
  /** The launcher's own environment. */
  launcher: Readonly<Record<string, string | undefined>>
}

/** The whole environment of the runtime's process; nothing else reaches it. */
export function agentEnvironment(request: EnvironmentRequest): Record<string, string> {
  const { agent, paths, recipe, launcher } = request
  const out: Record<string, string> = {}
  const left = leftBehind(agent, recipe.inherit)
  for (const key of [...INHERITED, ...recipe.inherit, ...(agent.inherit ?? [])]) {
    const value = left.includes(key) ? undefined : launcher[key]
    if (value !== undefined && value !== '') out[key] = value
  }
  out['LANG'] = /utf-?8/i.test(out['LC_ALL'] ?? out['LANG'] ?? '') ? (out['LANG'] ?? 'C.UTF-8') : 'C.UTF-8'
  if (!/utf-?8/i.test(out['LC_ALL'] ?? 'utf8')) delete out['LC_ALL']
  out['TERM'] = 'screen-256color'
  out['COLORTERM'] = 'truecolor'
  out['PATH'] = panePath(launcher['PATH'], out['HOME'] ?? '/')
  Object.assign(out, agent.env, recipe.env)
  Object.assign(out, {
    MOSAIC_AGENT: agent.name,
    MOSAIC_CLASS: agent.class,
    MOSAIC_TENANT: agent.address.tenant_id,
    MOSAIC_HOST: agent.address.host,
    MOSAIC_HOME: paths.home,
    MOSAIC_ROSTER: paths.roster,
    MOSAIC_HEARTBEAT_RUN_DIR: paths.run,
    MOSAIC_HEARTBEAT_FILE: paths.heartbeatOf(agent.name),
    MOSAIC_HEARTBEAT_INTERVAL: String(agent.heartbeatIntervalMs / 1000),
    MOSAIC_JOURNAL: paths.journalOf(agent.name),
    MOSAIC_LINK: paths.linkOf(agent.name),
    MOSAIC_ALIVE: paths.aliveOf(agent.name),
    MOSAIC_STATE_DIR: paths.stateOf(agent.name),
    MOSAIC_CONTRACT: paths.contractOf(agent.name),
    MOSAIC_RESUME: request.resume ? '1' : '0',
    MOSAIC_LAUNCH_ID: request.launchId,
    [URL_VARIABLE]: request.endpoint.url,
    [TOKEN_VARIABLE]: request.endpoint.token,
  })
  if (agent.model !== undefined) out['MOSAIC_MODEL'] = agent.model
  return out
}
