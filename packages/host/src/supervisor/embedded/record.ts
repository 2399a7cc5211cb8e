/**
 * What the supervisor must still know after its own `kill -9`: what is wanted, and which sessions are its own. One
 * writer (the holder of the service lock), written whole before the act it describes.
 */

import { join } from 'node:path'
import type { LaunchedAs } from '@mosaic/domain/drift'
import { atomicWrite } from '../../files/atomic-write.ts'
import { readBounded } from '../../files/read-bounded.ts'
import { makeRoom } from '../../files/remove.ts'
import type { MosaicPaths } from '../../paths.ts'

export interface AgentRecordOnDisk {
  wanted: boolean
  failed: boolean
  /** Names the current incarnation; stands as mark on its session. */
  launchId: string | null
  launchedAs: LaunchedAs | null
  /** Times of deaths that count, epoch milliseconds. */
  deathsMs: number[]
  lastExit: string | null
  /** The next launch goes on with its conversation, if there is one; false from a reset to a new session until then. */
  resumes: boolean
}

export interface SupervisorRecord {
  version: 1
  agents: Record<string, AgentRecordOnDisk>
}

const MAX_RECORD_BYTES = 32 * 1024 * 1024

export const recordFile = (paths: MosaicPaths): string => join(paths.run, 'supervisor.json')

const isObject = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null

function isAgentRecord(value: unknown): value is AgentRecordOnDisk {
  if (!isObject(value)) return false
  const { wanted, failed, launchId, launchedAs, deathsMs, lastExit, resumes } = value
  return (
    [wanted, failed, resumes].every((flag) => typeof flag === 'boolean') &&
    [launchId, lastExit].every((text) => text === null || typeof text === 'string') &&
    (launchedAs === null || (isObject(launchedAs) && Array.isArray(launchedAs['argv']) && isObject(launchedAs['env'] ?? {}))) &&
    Array.isArray(deathsMs) &&
    deathsMs.every((at) => typeof at === 'number')
  )
}

/** The record; what cannot be read of it is left out (it is written atomically, so that means foreign hands). */
export function readRecord(paths: MosaicPaths): SupervisorRecord {
  // Without prototype: an agent may be named `constructor`.
  const record: SupervisorRecord = { version: 1, agents: Object.create(null) }
  const read = readBounded(recordFile(paths), MAX_RECORD_BYTES)
  if ('problem' in read) return record
  try {
    const value: unknown = JSON.parse(read.text)
    if (!isObject(value) || value['version'] !== 1 || !isObject(value['agents'])) return record
    for (const [name, agent] of Object.entries(value['agents'])) if (isAgentRecord(agent)) record.agents[name] = agent
  } catch {
    // Not JSON.
  }
  return record
}

export function writeRecord(paths: MosaicPaths, record: SupervisorRecord): void {
  makeRoom(recordFile(paths))
  atomicWrite(recordFile(paths), JSON.stringify(record))
}
