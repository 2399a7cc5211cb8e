/** Bytes of a terminal in raw mode as keys and pastes. Any split of the stream gives the same result. */

export type Input =
  /** Typed characters, tab and line feed among them. */
  | { kind: 'text'; bytes: Buffer }
  /** A bracketed paste, exactly. */
  | { kind: 'paste'; bytes: Buffer }
  | { kind: 'enter' }
  | { kind: 'backspace' }
  | { kind: 'interrupt' }

const PASTE_START = '\u001b[200~'
const PASTE_END = Buffer.from('\u001b[201~')
const ESC = 0x1b
const BEL = 0x07

/** Longest control sequence or string that is waited for, bytes. */
const MAX_SEQUENCE_BYTES = 4096

export class KeyReader {
  #rest: Buffer = Buffer.alloc(0)
  #paste: Buffer[] | undefined

  /** What is complete by now. */
  push(chunk: Buffer): Input[] {
    const inputs: Input[] = []
    let bytes: Buffer = Buffer.concat([this.#rest, chunk])
    for (;;) {
      const used = this.#paste === undefined ? this.#keys(bytes, inputs) : this.#pasted(bytes, this.#paste, inputs)
      bytes = bytes.subarray(used)
      if (used === 0 || bytes.length === 0) break
    }
    this.#rest = bytes
    return inputs
  }

  /** Takes what belongs to the paste for certain; returns the number of bytes used. */
  #pasted(bytes: Buffer, paste: Buffer[], inputs: Input[]): number {
    const end = bytes.indexOf(PASTE_END)
    if (end === -1) {
      const certain = Math.max(0, bytes.length - PASTE_END.length + 1)
      paste.push(bytes.subarray(0, certain))
      return certain
    }
    inputs.push({ kind: 'paste', bytes: Buffer.concat([...paste, bytes.subarray(0, end)]) })
    this.#paste = undefined
    return end + PASTE_END.length
  }

  /** One run of text, one key, or one sequence; 0 when it is not complete. */
  #keys(bytes: Buffer, inputs: Input[]): number {
    const first = bytes[0]
    if (first === undefined) return 0
    if (first === ESC) return this.#sequence(bytes)
    const run = textRun(bytes)
    if (run > 0) {
      inputs.push({ kind: 'text', bytes: bytes.subarray(0, run) })
      return run
    }
    if (first === 0x0d) inputs.push({ kind: 'enter' })
    else if (first === 0x7f || first === 0x08) inputs.push({ kind: 'backspace' })
    else if (first === 0x03) inputs.push({ kind: 'interrupt' })
    return 1
  }

  /** Nothing that begins with ESC is text: keys and the terminal's answers are read and dropped, except the start of a paste. */
  #sequence(bytes: Buffer): number {
    const length = sequenceLength(bytes)
    if (length > 0 && bytes.toString('latin1', 0, length) === PASTE_START) this.#paste = []
    return length
  }
}

const isText = (byte: number): boolean => (byte >= 0x20 && byte !== 0x7f) || byte === 0x0a || byte === 0x09

function textRun(bytes: Buffer): number {
  let at = 0
  while (at < bytes.length && isText(bytes[at] ?? 0)) at += 1
  return at
}

/** Bytes of the escape sequence at the start; 0 when its end has not come. */
function sequenceLength(bytes: Buffer): number {
  if (bytes.length < 2) return 0
  const kind = String.fromCharCode(bytes[1] ?? 0)
  let end = 2
  if (kind === '[') end = controlSequenceEnd(bytes)
  else if (kind === 'O') end = bytes.length >= 3 ? 3 : 0
  else if (/[\]P_^X]/.test(kind)) end = stringEnd(bytes)
  return end === 0 && bytes.length > MAX_SEQUENCE_BYTES ? 2 : end
}

function controlSequenceEnd(bytes: Buffer): number {
  for (let at = 2; at < bytes.length; at += 1) {
    const byte = bytes[at] ?? 0
    if (byte >= 0x40 && byte <= 0x7e) return at + 1
    if (byte < 0x20) return at
  }
  return 0
}

function stringEnd(bytes: Buffer): number {
  for (let at = 2; at < bytes.length; at += 1) {
    if (bytes[at] === BEL) return at + 1
    if (bytes[at] === ESC && at + 1 < bytes.length) return bytes[at + 1] === 0x5c ? at + 2 : at
  }
  return 0
}
