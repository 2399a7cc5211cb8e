/** What a fleet adds outside of its own home: told before, and taken back. */

import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import type { AgentDefinition } from '@mosaic/domain/agent'
import { accountEnvironment, type Environment } from './accounts/account-home.ts'
import { readAccounts } from './accounts/accounts-file.ts'
import { type MosaicPaths, machineDefaults } from './paths.ts'
import { type ClaudeHome, claudeHome, missesOnboarding, notedHomes } from './runtimes/claude/claude-home.ts'
import { additionIn, takeBack } from './runtimes/claude/take-back.ts'

export interface Addition {
  file: string
  what: string
}

type Agent = Pick<AgentDefinition, 'runtime' | 'env'>

const homesOf = (agents: readonly Agent[], env: Environment): ClaudeHome[] =>
  agents
    .filter(({ runtime }) => runtime === 'claude')
    .map((agent) => claudeHome(agent, { ...env, HOME: machineDefaults(env).homeDirectory }))

/** What a start of these agents would add. */
export function additionsToCome(agents: readonly Agent[], env: Environment): Addition[] {
  const files = homesOf(agents, env)
    .filter(missesOnboarding)
    .map(({ stateFile }) => stateFile)
  return [...new Set(files)].map((file) => ({
    file,
    what: 'a note that the first questions of Claude Code are answered ("hasCompletedOnboarding"); a copy of the file as it was is kept beside it',
  }))
}

/** Files that agents' launches noted, also of agents and accounts that are not named any more. */
function noted(paths: MosaicPaths): string[] {
  try {
    return readdirSync(paths.state).flatMap((name) => notedHomes(join(paths.state, name)))
  } catch {
    return []
  }
}

/** Every place in which an agent of Claude Code may have been at work. */
function claudeFiles(paths: MosaicPaths, agents: readonly Agent[], env: Environment): string[] {
  const { homeDirectory } = machineDefaults(env)
  const ofAccounts = Object.values(readAccounts(paths))
    .filter(({ runtime }) => runtime === 'claude')
    .map((account) => ({ runtime: 'claude', env: accountEnvironment(account, homeDirectory) }))
  const homes = homesOf([{ runtime: 'claude', env: {} }, ...ofAccounts, ...agents], env)
  const all = [...homes, ...noted(paths).map((stateFile) => ({ directory: '', stateFile }))]
  return [...new Set(all.map(additionIn).filter((file) => file !== undefined))]
}

/** What is there now. @throws FleetError when the accounts cannot be read */
export const additions = (paths: MosaicPaths, agents: readonly Agent[], env: Environment): Addition[] =>
  claudeFiles(paths, agents, env).map((file) => ({
    file,
    what: 'the note that the first questions of Claude Code were answered, and the copy of the file beside it',
  }))

/** False when it was left as it is, because its file is not understood any more. */
export const removeAddition = ({ file }: Addition): boolean => takeBack(file)
