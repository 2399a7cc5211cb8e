/** A first roster for a profile: what `fleet init` writes and the operator then owns. */

import { createHash } from 'node:crypto'
import { resolve } from 'node:path'
import { displaySafe } from '@mosaic/domain/display'
import { type Profile, seatsOf } from '@mosaic/domain/profile'
import { CLASS_SUMMARY } from '@mosaic/domain/role'
import { ISOLATION_SOCKET, type RuntimeId } from '@mosaic/domain/roster'
import { type EntryStyle, pairText } from './entry-text.ts'

export interface NewRoster {
  profile: Profile
  runtime: RuntimeId
  /** `undefined`: the default socket of tmux. */
  socketName: string | undefined
  workingDirectory?: string | undefined
  tenantId?: string | undefined
  host?: string | undefined
}

const STYLE: EntryStyle = { camel: false, json: false }

const pair = (indent: number, key: string, value: unknown): string => `${' '.repeat(indent)}${pairText(key, value, STYLE)}`

function headLines(choice: NewRoster): string[] {
  const { profile, socketName, workingDirectory, tenantId, host, runtime } = choice
  return [
    `# The fleet on this host: ${displaySafe(profile.title)}.`,
    `# ${displaySafe(profile.description)}`,
    '# This file is yours. Change it here, or with `mosaic fleet add`, `edit` and `remove`, which keep your comments.',
    '# Every key: docs/roster.md.',
    'version: 1',
    ...(tenantId === undefined ? [] : [pair(0, 'tenant_id', tenantId)]),
    ...(host === undefined ? [] : [pair(0, 'host', host)]),
    '',
    ...(socketName === undefined
      ? [
          "# Sessions live on tmux's default socket, beside your own. To keep them apart, name one:",
          '# tmux:',
          `#   socket_name: ${ISOLATION_SOCKET}`,
        ]
      : ['# Sessions live on a tmux socket of their own, apart from yours.', 'tmux:', pair(2, 'socket_name', socketName)]),
    '',
    '# What agents have unless they say otherwise.',
    'defaults:',
    pair(2, 'runtime', runtime),
    ...(workingDirectory === undefined ? [] : [pair(2, 'working_directory', workingDirectory)]),
  ]
}

/** The text of a roster with one agent per seat of the profile. Deterministic. */
export function newRosterText(choice: NewRoster): string {
  const lines = [...headLines(choice), '', 'agents:']
  let explained: string | undefined
  for (const seat of seatsOf(choice.profile)) {
    if (seat.class !== explained) lines.push(`  # ${CLASS_SUMMARY[seat.class]}`)
    explained = seat.class
    lines.push(`  - ${pairText('name', seat.name, STYLE)}`, pair(4, 'class', seat.class))
    if (seat.lifecycle !== 'core') lines.push(pair(4, 'lifecycle', seat.lifecycle))
  }
  return `${lines.join('\n')}\n`
}

/** The tmux socket of a fleet that keeps apart, one per MOSAIC_HOME: two homes of one user never share sessions. */
export function isolationSocketName(home: string, defaultHome: string): string {
  if (resolve(home) === resolve(defaultHome)) return ISOLATION_SOCKET
  return `${ISOLATION_SOCKET}-${createHash('sha256').update(resolve(home)).digest('hex').slice(0, 6)}`
}
