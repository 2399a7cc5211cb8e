/** What is built: one bundle per program that runs by itself. */

export interface Bundle {
  /** The file is `dist/<name>.mjs`. */
  name: string
  /** Its main module, from the root. */
  source: string
  /** Parts that are imported late get files of their own, so that a short-lived command loads only what it uses. */
  split: boolean
}

export const BUNDLES: readonly Bundle[] = [
  { name: 'mosaic', source: 'apps/cli/src/main.ts', split: true },
  { name: 'mosaicd', source: 'apps/mosaicd/src/main.ts', split: false },
  { name: 'stub-runtime', source: 'packages/host/src/runtimes/stub/program/main.ts', split: false },
  { name: 'launch', source: 'packages/host/src/launch/launcher.ts', split: false },
  { name: 'pi-extension', source: 'packages/host/src/runtimes/pi/extension.ts', split: false },
]
