/** Screens of real runtimes, as `e2e/acceptance/record-screens.ts` wrote them. */

import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

const SCREENS = join(import.meta.dirname, 'screens')

export interface RecordedScreen {
  runtime: string
  version: string
  state: string
  text: string
}

export function recordedScreens(): RecordedScreen[] {
  return readdirSync(SCREENS).flatMap((runtime) =>
    readdirSync(join(SCREENS, runtime)).flatMap((version) =>
      readdirSync(join(SCREENS, runtime, version)).map((file) => ({
        runtime,
        version,
        state: file.replace(/\.txt$/, ''),
        text: readFileSync(join(SCREENS, runtime, version, file), 'utf8'),
      })),
    ),
  )
}
