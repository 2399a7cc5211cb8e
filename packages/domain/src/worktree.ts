/** The working directory of an ephemeral agent that is a git worktree with a branch of its own. */

import { z } from 'zod'

const WorktreeSchema = z.strictObject({
  /** Top directory of the repository that it belongs to. */
  repository: z.string(),
  directory: z.string(),
  branch: z.string(),
  /** The commit that the branch began at. */
  base: z.string().regex(/^[0-9a-f]{40,64}$/),
})
export type Worktree = z.infer<typeof WorktreeSchema>

/** The worktree that a record describes; `undefined` when it is none. */
export function parseWorktree(text: string): Worktree | undefined {
  try {
    return WorktreeSchema.safeParse(JSON.parse(text)).data
  } catch {
    return undefined
  }
}

/** What became of a worktree when its agent was removed. */
export interface WorktreeEnd {
  directory: string
  branch: string
  /** Why the directory is kept; null: it is removed. */
  kept_directory: string | null
  /** Why the branch is kept; null: it is removed. */
  kept_branch: string | null
}
