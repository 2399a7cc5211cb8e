/** How the supervisor tells the launcher what to become: one variable in the agent's environment file. */

export const LAUNCH_VARIABLE = 'MOSAIC_LAUNCH'

export interface LaunchLine {
  argv: readonly string[]
  /** Absolute. */
  cwd: string
}
