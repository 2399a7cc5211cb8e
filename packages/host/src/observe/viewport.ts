/** The part of a screen that a terminal of another size shows. */

export interface Size {
  columns: number
  rows: number
}

/** Top left corner of what is shown. */
export interface Viewport {
  x: number
  y: number
  /** Moves so that the cursor stays in view. */
  following: boolean
}

export interface ScreenSize {
  width: number
  height: number
}

const clamp = (value: number, size: number, shown: number): number => Math.max(0, Math.min(value, size - shown))

/** The nearest position at which `at` is shown. */
function reach(from: number, at: number, size: number, shown: number): number {
  const near = at < from ? at : at >= from + shown ? at - shown + 1 : from
  return clamp(near, size, shown)
}

export function followed(view: Viewport, screen: ScreenSize, cursor: { x: number; y: number }, terminal: Size): Viewport {
  if (!view.following) {
    return { ...view, x: clamp(view.x, screen.width, terminal.columns), y: clamp(view.y, screen.height, terminal.rows) }
  }
  return {
    x: reach(view.x, cursor.x, screen.width, terminal.columns),
    y: reach(view.y, cursor.y, screen.height, terminal.rows),
    following: true,
  }
}

/** Moved by hand; from then on it stays. */
export function panned(view: Viewport, by: { x: number; y: number }, screen: ScreenSize, terminal: Size): Viewport {
  return {
    x: clamp(view.x + by.x, screen.width, terminal.columns),
    y: clamp(view.y + by.y, screen.height, terminal.rows),
    following: false,
  }
}
