/** The words of the command line, before commander reads them. */

/** `agent --new` and its like are other spellings of verbs. */
const AGENT_FORMS = new Set(['--new', '--edit', '--show', '--list'])
/** Shared options that take a value, which is therefore no noun. */
const VALUED = new Set(['--mosaic-home', '--roster'])

/** Index of the next word that is neither a shared option nor the value of one. */
function wordAt(argv: readonly string[], from: number): number {
  let at = from
  while (at < argv.length && (VALUED.has(argv[at] ?? '') || argv[at] === '--json' || /^--(mosaic-home|roster)=/.test(argv[at] ?? ''))) {
    at += VALUED.has(argv[at] ?? '') ? 2 : 1
  }
  return at
}

/**
 * Spellings that people try, as the one that is declared: `help fleet ps` and `fleet help ps` are `fleet ps --help`;
 * `agent --new coder1` is `agent new coder1`.
 */
export function normaliseArgv(argv: readonly string[]): string[] {
  const out = [...argv]
  const nounAt = wordAt(out, 0)
  if (out[nounAt] === 'help') {
    out.splice(nounAt, 1)
    return [...out, '--help']
  }
  const verbAt = wordAt(out, nounAt + 1)
  if (out[nounAt] === 'agent' && AGENT_FORMS.has(out[verbAt] ?? '')) out[verbAt] = (out[verbAt] ?? '').slice(2)
  if (['agent', 'fleet', 'account'].includes(out[nounAt] ?? '') && out[verbAt] === 'help') {
    out.splice(verbAt, 1)
    return [...out, '--help']
  }
  return out
}

/** Whether the answer, and so the error, is wanted as JSON; for when the words could not even be parsed. */
export function mentionsJson(argv: readonly string[]): boolean {
  const end = argv.indexOf('--')
  return (end === -1 ? argv : argv.slice(0, end)).includes('--json')
}
