/**
 * A start of the command line pays for every built-in module that is loaded. commander imports two that our verbs never
 * need: `node:child_process` (for sub-commands that are programs of their own) and `node:process` (the global by another
 * name). In the bundle the first is loaded when it is called, the second is the global. Measured: a fifth of the start.
 */

import type { Plugin } from 'rolldown'

const PREFIX = '\0lean:'

const MODULES: Readonly<Record<string, string>> = {
  'node:child_process': `export default { spawn: (...args) => process.getBuiltinModule('node:child_process').spawn(...args) }`,
  'node:process': 'export default globalThis.process',
}

export const leanCommander: Plugin = {
  name: 'lean-commander',
  resolveId(source, importer) {
    return importer !== undefined && /[/\\]commander[/\\]lib[/\\]/.test(importer) && source in MODULES ? `${PREFIX}${source}` : null
  },
  load: (id) => (id.startsWith(PREFIX) ? (MODULES[id.slice(PREFIX.length)] ?? null) : null),
}
