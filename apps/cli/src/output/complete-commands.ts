/** Commands in words to an operator work as they are printed: what was given as an option is in them too. */

export interface GivenPlaces {
  /** Absolute; `undefined` unless it was given as an option. */
  home?: string | undefined
  roster?: string | undefined
}

/** As one word of a shell. */
export const shellWord = (text: string): string => (/^[A-Za-z0-9_./:@%+=-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`)

/** `mosaic` with the options that lead to these files. */
export const mosaicAt = ({ home, roster }: GivenPlaces): string =>
  [
    'mosaic',
    ...(home === undefined ? [] : ['--mosaic-home', shellWord(home)]),
    ...(roster === undefined ? [] : ['--roster', shellWord(roster)]),
  ].join(' ')

/** A verb of ours in the text, also where a line or a colour ends within it. Another host has places of its own. */
const COMMAND = /(?<!\bssh [^\n;&]*)\bmosaic(?=(?:\s|\u001b\[\d+m)+(?:fleet|agent)(?:\s|\u001b\[\d+m)+[a-z])/g

/** Completes every command in a text; one that names its places already stays as it is. */
export function commandCompleter(given: GivenPlaces): (text: string) => string {
  const start = mosaicAt(given)
  return start === 'mosaic' ? (text) => text : (text) => text.replace(COMMAND, () => start)
}
