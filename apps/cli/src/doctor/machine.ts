/** What the machine must have: Node, tmux, a locale, space, and what a reboot does. */

import { existsSync, statfsSync } from 'node:fs'
import { userInfo } from 'node:os'
import { dirname, join } from 'node:path'
import { FleetError } from '@mosaic/domain/error'
import { onPath } from '@mosaic/host/files/executable'
import { commandDirectory } from '@mosaic/host/programs'
import { Tmux } from '@mosaic/host/tmux/tmux'
import { type Check, fail, note, ok, warn } from './check.ts'

/** As in the engines of package.json. */
const MIN_NODE = [24, 21, 0] as const
const LOW_BYTES = 1024 ** 3
const FULL_BYTES = 64 * 1024 ** 2

function older(version: string, than: readonly number[]): boolean {
  const parts = version.split('.').map(Number)
  for (const [index, wanted] of than.entries()) {
    const part = parts[index] ?? 0
    if (part !== wanted) return part < wanted
  }
  return false
}

export const checkNode: Check = () => {
  const { version } = process
  return [
    older(version.slice(1), MIN_NODE)
      ? fail('node', `${version} at ${process.execPath}`, `use Node ${MIN_NODE.join('.')} or newer; ./mosaic brings its own`)
      : ok('node', `${version} at ${process.execPath}`),
  ]
}

export const checkTmux: Check = async ({ context }) => {
  try {
    return [ok('tmux', await new Tmux({ socketName: undefined, env: context.world.env }).version())]
  } catch (error) {
    if (error instanceof FleetError) return [fail('tmux', error.message, error.mend ?? 'apt-get install tmux')]
    throw error
  }
}

export const checkLocale: Check = ({ context }) => {
  const { env } = context.world
  const locale = env['LC_ALL'] || env['LC_CTYPE'] || env['LANG'] || ''
  if (/utf-?8/i.test(locale)) return [ok('locale', locale)]
  // Agents are given one of their own, so only this terminal is concerned.
  return [
    note('locale', `${locale === '' ? 'none' : locale}: this terminal may show other characters than agents write`, 'export LANG=C.UTF-8'),
  ]
}

/** The nearest directory above `path` that exists. */
function existing(path: string): string {
  let at = path
  while (!existsSync(at) && dirname(at) !== at) at = dirname(at)
  return at
}

export const checkSpace: Check = ({ context }) => {
  const at = existing(context.paths.home)
  const { bavail, bsize } = statfsSync(at)
  const free = bavail * bsize
  const words = free >= LOW_BYTES ? `${(free / 1024 ** 3).toFixed(1)} GB free` : `${Math.floor(free / 1024 ** 2)} MB free`
  if (free < FULL_BYTES) return [fail('disk', `${words} at ${at}: messages cannot be stored`, 'free some space')]
  return [free < LOW_BYTES ? warn('disk', `${words} at ${at}`, 'free some space') : ok('disk', `${words} at ${at}`)]
}

export const checkCommand: Check = ({ context }) => {
  const found = onPath('mosaic', context.world.env['PATH'])
  if (found !== undefined) return [ok('command', found)]
  return [note('command', 'mosaic is not on the PATH of this shell; agents have it on theirs', `export PATH="$PATH:${commandDirectory}"`)]
}

export const checkReboot: Check = () => {
  if (!existsSync('/run/systemd/system')) {
    return [
      note(
        'reboot',
        'no systemd here: the embedded supervisor keeps the fleet for the life of this machine',
        'after a reboot: mosaic fleet up',
      ),
    ]
  }
  const linger = existsSync(join('/var/lib/systemd/linger', userInfo().username)) ? 'lingering is on' : 'lingering is off'
  return [note('reboot', `systemd is here (${linger}), and this version supervises without it`, 'after a reboot: mosaic fleet up')]
}
