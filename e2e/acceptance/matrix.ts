/** The matrix: which rounds are run, and what came of each cell. */

import { type Judged, runRound } from './round.ts'
import { installedVersion, type RuntimeId, runtimeUnderTest } from './runtimes.ts'
import { Scene } from './scene.ts'
import { MODES, type Mode } from './senders.ts'
import { SHAPES, type Shape } from './shapes.ts'
import { STATES, type State, settingsOf } from './states.ts'

export interface Cell extends Judged {
  state: State
  mode: Mode
}

export interface Part {
  mode: Mode
  shapes: readonly Shape[]
}

/** Every shape in every mode; each mode begins with another shape, because only the first message of a round meets nothing before it. */
export const everyPart: readonly Part[] = MODES.map((mode, at) => ({ mode, shapes: [...SHAPES.slice(at), ...SHAPES.slice(0, at)] }))

/** Two shapes in one mode, other ones in each state, and the other modes once. */
export function reducedParts(state: State): Part[] {
  const at = STATES.indexOf(state)
  const shapes = [SHAPES[at % SHAPES.length], SHAPES[(at + 2) % SHAPES.length]].filter((shape) => shape !== undefined)
  const parts: Part[] = [{ mode: 'one sender', shapes }]
  if (state === 'busy: tool call') parts.push({ mode: 'two senders', shapes: ['one line'] })
  if (state === 'idle') parts.push({ mode: 'sender killed', shapes: ['many lines'] })
  return parts
}

export interface MatrixRun {
  runtime: RuntimeId
  states: readonly State[]
  partsOf(state: State): readonly Part[]
  /** What goes on, for a person who waits. */
  say(text: string): void
  /** Told of each fleet that is open, so that it is closed also when the run is broken off. */
  opened(scene: Scene | undefined): void
}

const sum = (cells: readonly Cell[]): string => {
  const reds = cells.filter(({ verdict }) => verdict === 'RED')
  return reds.length === 0 ? `${cells.length} cells` : `${cells.length} cells, ${reds.length} RED: ${reds[0]?.causes[0]?.slice(0, 200)}`
}

/** One fleet for all states of the same settings; a new one also after a round that broke off. */
export async function runMatrix({ runtime, states, partsOf, say, opened }: MatrixRun): Promise<Cell[]> {
  const under = runtimeUnderTest[runtime]
  const all: Cell[] = []
  if (installedVersion(under) === undefined) throw new Error(`${under.package} is not installed in e2e/runtimes`)
  let scene: Scene | undefined
  let settings: ReturnType<typeof settingsOf> | undefined
  let n = 0
  const close = async () => {
    const open = scene
    scene = undefined
    opened(undefined)
    await open?.[Symbol.asyncDispose]().catch(() => undefined)
  }
  for (const state of states) {
    if (settings !== settingsOf(state)) await close()
    settings = settingsOf(state)
    for (const part of partsOf(state)) {
      n += 1
      const began = performance.now()
      let cells: Cell[]
      try {
        scene ??= await Scene.open(under, { env: settings })
        opened(scene)
        const judged = await runRound({ scene, state, n, ...part })
        cells = judged.cells.map((cell) => ({ ...cell, state, mode: part.mode }))
        if (judged.broken) await close()
      } catch (error) {
        const causes = [error instanceof Error ? error.message : String(error)]
        cells = part.shapes.map((shape) => ({ shape, state, mode: part.mode, verdict: 'RED', causes, messages: [] }))
        await close()
      }
      all.push(...cells)
      say(`${runtime} · ${state} · ${part.mode}: ${sum(cells)} (${((performance.now() - began) / 1000).toFixed(0)} s)`)
    }
  }
  await close()
  return all
}
