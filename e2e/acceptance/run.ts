/**
 * Runs the acceptance matrix and writes it to docs/generated/acceptance.md and acceptance.json.
 *
 *   node e2e/acceptance/run.ts [--runtime claude|codex|opencode|pi] [--state STATE] [--reduced]
 *
 * Of the runtimes and states that are not run, the page keeps what it had, as long as the runtime's version is the same. With
 * --reduced the page is printed instead. Exit status: 0, or 1 when a cell is RED.
 */

import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { release } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { buildAll } from '../../scripts/build.ts'
import { everyPart, type Part, reducedParts, runMatrix } from './matrix.ts'
import { pageOf, type Results, recordOf } from './report.ts'
import { installedVersion, RUNTIMES, runtimeUnderTest } from './runtimes.ts'
import type { Scene } from './scene.ts'
import { STATES, type State } from './states.ts'

const ROOT = join(import.meta.dirname, '..', '..')
const GENERATED = join(ROOT, 'docs', 'generated')
const PAGE = join(GENERATED, 'acceptance.md')
const RECORD = join(GENERATED, 'acceptance.json')

// A fleet of the operator's, or the terminal that this runs in, must not reach into it.
for (const name of Object.keys(process.env)) if (name.startsWith('MOSAIC_') || name.startsWith('TMUX')) delete process.env[name]

const say = (text: string): void => {
  process.stderr.write(`${text}\n`)
}

const USAGE = `Usage: node e2e/acceptance/run.ts [--runtime RUNTIME] [--state STATE] [--reduced]

  --runtime   ${RUNTIMES.join(', ')}; default all
  --state     ${STATES.join(', ')}; default all
  --reduced   the part that is run with the other tests
`

const { values } = parseArgs({
  options: { runtime: { type: 'string' }, state: { type: 'string' }, reduced: { type: 'boolean' }, help: { type: 'boolean', short: 'h' } },
})
if (values.help === true) {
  process.stdout.write(USAGE)
  process.exit(0)
}
const runtimes = RUNTIMES.filter((id) => values.runtime === undefined || values.runtime === id)
const states = STATES.filter((state) => values.state === undefined || values.state === state)
if (runtimes.length === 0 || states.length === 0) {
  say(USAGE)
  process.exit(2)
}
const isPart = values.reduced === true
const partsOf = (state: State): readonly Part[] => (values.reduced === true ? reducedParts(state) : everyPart)

let open: Scene | undefined
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.once(signal, () => void Promise.resolve(open?.[Symbol.asyncDispose]()).finally(() => process.exit(1)))
}

const machine = () => ({
  date: new Date().toISOString().slice(0, 10),
  kernel: release(),
  tmux: execFileSync('tmux', ['-V'], { encoding: 'utf8' }).trim(),
  node: process.version,
})

await buildAll({ root: ROOT, warn: say })
const results: Results = !isPart && existsSync(RECORD) ? (JSON.parse(readFileSync(RECORD, 'utf8')) as Results) : {}
for (const runtime of runtimes) {
  const cells = await runMatrix({
    runtime,
    states,
    partsOf,
    say,
    opened: (scene) => {
      open = scene
    },
  })
  const version = installedVersion(runtimeUnderTest[runtime]) ?? ''
  const kept = results[runtime]?.version === version ? results[runtime].cells.filter(({ state }) => !states.includes(state)) : []
  const all = STATES.flatMap((state) => [...kept, ...cells].filter((cell) => cell.state === state))
  results[runtime] = { version, ...machine(), cells: all }
  // What is done is kept, whatever becomes of the next one.
  if (!isPart) write()
}
if (isPart) process.stdout.write(pageOf(results))
const red = runtimes.flatMap((id) => results[id]?.cells ?? []).filter(({ verdict }) => verdict === 'RED').length
say(red === 0 ? 'no cell is RED' : `${red} cells are RED`)
process.exit(red === 0 ? 0 : 1)

function write(): void {
  mkdirSync(GENERATED, { recursive: true })
  writeFileSync(PAGE, pageOf(results))
  writeFileSync(RECORD, `${JSON.stringify(recordOf(results), null, 1)}\n`)
}
