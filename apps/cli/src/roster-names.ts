/** Names of agents without reading the roster properly: fast enough for completion, never for a decision. */

import { readBounded } from '@mosaic/host/files/read-bounded'

const MAX_BYTES = 4 * 1024 * 1024
const NAME = /(?:^|[\s{,-])(["']?)name\1:\s*(["']?)([A-Za-z0-9_-]{1,64})\2\s*(?=$|[,}#\n])/gm

/** What looks like the name of an agent in a roster file, in its order; empty when it cannot be read. */
export function rosterNames(file: string): string[] {
  const read = readBounded(file, MAX_BYTES)
  if ('problem' in read) return []
  return [...new Set(Array.from(read.text.matchAll(NAME), (match) => match[3] ?? ''))]
}

/** What looks like the name of an account in the file of the accounts. */
export function accountNames(file: string): string[] {
  const read = readBounded(file, MAX_BYTES)
  if ('problem' in read) return []
  return Array.from(read.text.matchAll(/^ +([A-Za-z0-9_-]{1,64}): *(?:\{.*)?$/gm), (match) => match[1] ?? '')
}
