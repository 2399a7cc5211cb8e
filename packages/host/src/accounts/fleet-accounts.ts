/** A fleet's agents and the accounts that the roster maps them to. */

import { statSync } from 'node:fs'
import { type Accounts, accountIssues } from '@mosaic/domain/account'
import { type AgentDefinition, defineFleet, type FleetDefinition, type MachineDefaults } from '@mosaic/domain/agent'
import { FleetError } from '@mosaic/domain/error'
import type { Roster } from '@mosaic/domain/roster'
import { type MosaicPaths, machineDefaults } from '../paths.ts'
import type { RosterRule } from '../roster-file/read-roster.ts'
import { accountEnvironment, directoryOf, type Environment } from './account-home.ts'
import { readAccounts } from './accounts-file.ts'

const usesAccounts = ({ agents }: Roster): boolean => agents.some(({ account }) => account !== undefined)

/** Accounts that a roster names are there, and are of the runtime. Throws what is wrong with the file of the accounts. */
export const accountRule =
  (paths: MosaicPaths): RosterRule =>
  (roster) =>
    usesAccounts(roster) ? accountIssues(roster, readAccounts(paths)) : []

function accountsOr(paths: MosaicPaths): Accounts {
  try {
    return readAccounts(paths)
  } catch (error) {
    // Told when the roster is checked; here an agent without its account is refused at its launch.
    if (error instanceof FleetError) return {}
    throw error
  }
}

/** The fleet with the home of each agent's account in its environment, where launch, connection and drift find it. */
export function defineWithAccounts(roster: Roster, machine: MachineDefaults, paths: MosaicPaths): FleetDefinition {
  const fleet = defineFleet(roster, machine)
  if (!usesAccounts(roster)) return fleet
  const accounts = accountsOr(paths)
  const agents = fleet.agents.map((agent): AgentDefinition => {
    const account = agent.account === undefined || !Object.hasOwn(accounts, agent.account) ? undefined : accounts[agent.account]
    if (account?.runtime !== agent.runtime) return agent
    return { ...agent, env: { ...agent.env, ...accountEnvironment(account, machine.homeDirectory) } }
  })
  return { ...fleet, agents }
}

/**
 * The agent with the home of its account as it is now: none is launched with another login than the one it was given.
 * @throws FleetError `invalid` when its account is gone, is another runtime's, or has no directory
 */
export function withItsAccount(agent: AgentDefinition, paths: MosaicPaths, env: Environment): AgentDefinition {
  const { account: name, runtime } = agent
  if (name === undefined) return agent
  const accounts = readAccounts(paths)
  const account = Object.hasOwn(accounts, name) ? accounts[name] : undefined
  const refused = (what: string, mend: string) => {
    const where = paths.accountsFile
    return new FleetError('invalid', `${agent.name} cannot use the account ${name}: ${what}`, { where, reason: 'account', mend })
  }
  const another = `mosaic fleet edit ${agent.name} --account NAME, or --unset account`
  if (account === undefined) throw refused('there is none of that name', `mosaic account add ${name} --runtime ${runtime}; or ${another}`)
  if (account.runtime !== runtime) throw refused(`it is one of ${account.runtime}, not of ${runtime}`, another)
  const { homeDirectory } = machineDefaults(env)
  const directory = directoryOf(account, homeDirectory)
  if (statSync(directory, { throwIfNoEntry: false })?.isDirectory() !== true) {
    throw refused(`its directory ${directory} is not there`, `mosaic account login ${name}`)
  }
  return { ...agent, env: { ...agent.env, ...accountEnvironment(account, homeDirectory) } }
}
