/** Which conversation an agent's pi is in, written by the extension, read at the next launch. */

/** In the agent's state directory: `{id, file, cwd}`. */
export const SESSION_FILE = 'pi-session.json'

export interface PiSession {
  id: string
  /** pi creates it with the first answer of the session. */
  file: string | null
}

/** pi's own rule for an id on its command line. */
const SESSION_ID = /^[A-Za-z0-9](?:[A-Za-z0-9._-]{0,126}[A-Za-z0-9])?$/

export function parsePiSession(text: string): PiSession | undefined {
  try {
    const value = JSON.parse(text) as Partial<PiSession> | null
    if (typeof value?.id !== 'string' || !SESSION_ID.test(value.id)) return undefined
    return { id: value.id, file: typeof value.file === 'string' ? value.file : null }
  } catch {
    return undefined
  }
}
