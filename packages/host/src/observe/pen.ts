/** Colours and attributes as they stand after some SGR sequences, rebuilt from a known few so that nothing else gets through. */

/** Attribute that each of these parameters sets; any other is dropped. */
const ATTRIBUTES: Readonly<Record<string, string>> = { 1: '1', 2: '2', 3: '3', 4: '4', 5: '5', 7: '7', 8: '8', 9: '9', 21: '4' }
const REMOVED_BY: Readonly<Record<string, readonly string[]>> = {
  22: ['1', '2'],
  23: ['3'],
  24: ['4'],
  25: ['5'],
  27: ['7'],
  28: ['8'],
  29: ['9'],
}

export const PLAIN = '\u001b[0m'

export class Pen {
  readonly #attributes = new Set<string>()
  #foreground = ''
  #background = ''
  #sgr: string | undefined = PLAIN

  /** The one sequence that sets a terminal to this pen, whatever it was set to. */
  get sgr(): string {
    this.#sgr ??= `\u001b[${['0', ...this.#attributes, this.#foreground, this.#background].filter(Boolean).join(';')}m`
    return this.#sgr
  }

  /** @param parameters what stands between `ESC[` and `m` */
  apply(parameters: string): void {
    this.#sgr = undefined
    const list = parameters.split(';')
    for (let index = 0; index < list.length; index += 1) {
      const [code = '', ...sub] = (list[index] ?? '').split(':')
      if (code === '38' || code === '48' || code === '58') {
        const taken = sub.length > 0 ? sub.filter(Boolean) : list.slice(index + 1, index + (list[index + 1] === '2' ? 5 : 3))
        if (sub.length === 0) index += taken.length
        this.#extended(code, taken)
      } else {
        this.#plain(code, sub[0])
      }
    }
  }

  #plain(code: string, sub: string | undefined): void {
    const number = Number(code)
    if (number === 0) {
      this.#attributes.clear()
      this.#foreground = ''
      this.#background = ''
    } else if ((number >= 30 && number <= 37) || (number >= 90 && number <= 97)) this.#foreground = code
    else if ((number >= 40 && number <= 47) || (number >= 100 && number <= 107)) this.#background = code
    else if (number === 39) this.#foreground = ''
    else if (number === 49) this.#background = ''
    else if (code === '4' && sub === '0') this.#attributes.delete('4')
    else {
      const attribute = ATTRIBUTES[code]
      if (attribute !== undefined) this.#attributes.add(attribute)
      for (const removed of REMOVED_BY[code] ?? []) this.#attributes.delete(removed)
    }
  }

  /** @param values `5;n` or `2;r;g;b`. The colour of an underline (58) is left out: terminals differ in reading it. */
  #extended(code: string, values: readonly string[]): void {
    const wanted = values[0] === '5' ? 2 : values[0] === '2' ? 4 : 0
    if (wanted === 0 || values.length !== wanted || !values.every((value) => /^\d{1,3}$/.test(value) && Number(value) <= 255)) return
    const colour = `${code};${values.join(';')}`
    if (code === '38') this.#foreground = colour
    else if (code === '48') this.#background = colour
  }
}
