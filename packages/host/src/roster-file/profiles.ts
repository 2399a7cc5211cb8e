/** The profiles that ship: where they are and what they say. */

import { readdirSync } from 'node:fs'
import { join, relative } from 'node:path'
import { closest } from '@mosaic/domain/closest'
import { displaySafe } from '@mosaic/domain/display'
import { FleetError } from '@mosaic/domain/error'
import { type Profile, ProfileSchema } from '@mosaic/domain/profile'
import { readBounded } from '../files/read-bounded.ts'
import { distDirectory } from '../programs.ts'
import { treeValue } from './tree-value.ts'
import { readYamlTree } from './yaml-tree.ts'

const MAX_PROFILE_BYTES = 64 * 1024
const SUFFIX = '.yaml'
/** The profiles are part of the installation. */
const REBUILD = 'install mosaic again, or choose another profile'

/** True in a bundle, whose parts are in `dist` or below it. Source reads its own profiles, not the copy of the last build. */
const bundled = !relative(distDirectory, import.meta.dirname).startsWith('..')

/** Directory of the shipped profiles, absolute: beside the bundles, else in the framework package. */
export const profileDirectory: string = bundled
  ? join(distDirectory, 'framework', 'profiles')
  : join(import.meta.dirname, '..', '..', '..', 'framework', 'profiles')

function read(directory: string, id: string): Profile {
  const file = join(directory, `${id}${SUFFIX}`)
  const content = readBounded(file, MAX_PROFILE_BYTES)
  if ('problem' in content)
    throw new FleetError('not_done', `the profile ${id} cannot be read (${content.problem})`, { where: file, mend: REBUILD })
  const yaml = readYamlTree(content.text)
  const parsed = yaml.ok ? ProfileSchema.safeParse(treeValue(yaml.tree).value) : undefined
  if (parsed?.success === true && parsed.data.id === id) return parsed.data
  const issue = parsed?.error?.issues[0]
  const what =
    issue === undefined ? (parsed === undefined ? 'no YAML' : 'its id is not its file name') : `${issue.path.join('.')}: ${issue.message}`
  throw new FleetError('invalid', `the profile ${id} is faulty: ${displaySafe(what)}`, { where: file, mend: REBUILD })
}

const idsIn = (directory: string): string[] =>
  readdirSync(directory)
    .filter((name) => name.endsWith(SUFFIX))
    .map((name) => name.slice(0, -SUFFIX.length))
    .sort()

/** Every profile, by id. @throws FleetError `invalid` for a faulty one */
export function listProfiles(directory: string = profileDirectory): Profile[] {
  return idsIn(directory).map((id) => read(directory, id))
}

/** One profile. @throws FleetError `not_found` with the ones that are there */
export function loadProfile(id: string, directory: string = profileDirectory): Profile {
  const ids = idsIn(directory)
  if (ids.includes(id)) return read(directory, id)
  const near = closest(id, ids)
  throw new FleetError('not_found', `there is no profile ${JSON.stringify(displaySafe(id.slice(0, 60)))}`, {
    mend: near === undefined ? `choose one of ${ids.join(', ')}` : `did you mean ${near}? There are ${ids.join(', ')}`,
  })
}
