/** What the supervisor tells of an agent's life. */

export type SupervisorEvent =
  | { kind: 'life'; name: string; from: string; to: string; detail: string | null }
  /** A new incarnation is about to begin; whatever is heard from now on is of it. */
  | { kind: 'launching'; name: string }
  | { kind: 'launched'; name: string; launchId: string; pid: number; adopted: boolean }
  | { kind: 'died'; name: string; exit: string; lastScreen: string }
  | { kind: 'failed'; name: string; exit: string }
