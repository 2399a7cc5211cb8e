/** The first start of a version in a data directory: one process at a time. */

import { join } from 'node:path'

/** In the agent's state directory: the version and the data directory that were opened once. */
export const OPENED_FILE = 'opencode-opened'

/**
 * A constant. `$1` is the note, `$2` the version, `$3` how many words of what follows name the program.
 *
 * OpenCode makes and changes the tables of its database without a lock against a second process: of two that start in one
 * data directory, one can meet a table that is there already or a locked database, and then it lives on and never listens.
 * Its command `db path` opens the database, makes all of that and ends. The lock is the directory's own, which the kernel
 * frees and which leaves no file. Where that fails, OpenCode is started all the same: it can say best what is wrong.
 * Descriptor 9 tells the supervisor of this process's death, and of no other's.
 */
const ONE_AT_A_TIME = `note=$1 version=$2 words=$3; shift 3
data=\${XDG_DATA_HOME:-$HOME/.local/share}/opencode
opened="$version $data"
alone() {
  at=0
  for word do shift; [ "$at" -ge "$words" ] || set -- "$@" "$word"; at=$((at + 1)); done
  mkdir -p "$data" && flock -w 300 "$data" "$@" db path
}
if [ ! -e "$data/opencode.db" ] || [ "$(cat "$note" 2>/dev/null)" != "$opened" ]; then
  alone "$@" </dev/null >/dev/null 2>&1 9>&- && printf %s "$opened" >"$note"
fi
exec "$@"`

/**
 * What becomes OpenCode, in the same process.
 * @param program the words that run it
 */
export function afterFirstStart(
  { program, stateDirectory }: { program: { argv: readonly string[]; version: string }; stateDirectory: string },
  args: readonly string[],
): string[] {
  const { argv, version } = program
  const note = join(stateDirectory, OPENED_FILE)
  return ['/bin/sh', '-c', ONE_AT_A_TIME, 'sh', note, version, String(argv.length), ...argv, ...args]
}

/** A start that waits for another's: no OpenCode yet, but on its way to be one. */
export const isWaiting = ([name]: readonly string[]): boolean => name === 'flock'
