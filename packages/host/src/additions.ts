/** What a fleet added outside of its own home: the list that its operator agreed to, and how it is taken back. */

import type { AgentDefinition } from '@mosaic/domain/agent'
import { accountEnvironment, type Environment } from './accounts/account-home.ts'
import { readAccounts } from './accounts/accounts-file.ts'
import { type MosaicPaths, machineDefaults } from './paths.ts'
import { claudeHome } from './runtimes/claude/claude-home.ts'
import { additionIn, takeBack } from './runtimes/claude/take-back.ts'

export interface Addition {
  file: string
  what: string
}

/** Every place in which an agent of Claude Code may have been at work. */
function claudeFiles(paths: MosaicPaths, agents: readonly AgentDefinition[], env: Environment): string[] {
  const { homeDirectory } = machineDefaults(env)
  const ofAccounts = Object.values(readAccounts(paths))
    .filter(({ runtime }) => runtime === 'claude')
    .map((account) => accountEnvironment(account, homeDirectory))
  const ofAgents = agents.filter(({ runtime }) => runtime === 'claude').map((agent) => agent.env)
  const own = { ...env, HOME: homeDirectory }
  const files = [{}, ...ofAccounts, ...ofAgents].map((named) => additionIn(claudeHome({ env: named }, own)))
  return [...new Set(files.filter((file) => file !== undefined))]
}

/** What is there now. @throws FleetError when the accounts cannot be read */
export const additions = (paths: MosaicPaths, agents: readonly AgentDefinition[], env: Environment): Addition[] =>
  claudeFiles(paths, agents, env).map((file) => ({
    file,
    what: 'the note that the first questions of Claude Code were answered, and the copy of the file beside it',
  }))

/** False when it was left as it is, because its file is not understood any more. */
export const removeAddition = ({ file }: Addition): boolean => takeBack(file)
