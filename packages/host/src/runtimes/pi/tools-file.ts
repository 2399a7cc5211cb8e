/** The fleet's tools as pi is told of them: written for each launch, so that the extension carries no schemas. */

import { join } from 'node:path'
import { readBounded } from '../../files/read-bounded.ts'

export interface DescribedTool {
  name: string
  title: string
  description: string
  inputSchema: Record<string, unknown>
}

const MAX_FILE_BYTES = 256 * 1024

export const toolsFile = (stateDirectory: string): string => join(stateDirectory, 'fleet-tools.json')

/** None when there is no such file, or when it is no such list. */
export function readTools(stateDirectory: string): DescribedTool[] {
  const read = readBounded(toolsFile(stateDirectory), MAX_FILE_BYTES)
  if ('problem' in read) return []
  try {
    const list: unknown = JSON.parse(read.text)
    return Array.isArray(list) ? (list as DescribedTool[]) : []
  } catch {
    return []
  }
}
