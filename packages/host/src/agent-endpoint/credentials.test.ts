import { randomBytes } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { Credentials } from './credentials.ts'

const SECRET = randomBytes(32)
const A = { name: 'coder0', launchId: 'launch-1' }
const B = { name: 'coder1', launchId: 'launch-1' }

describe('the token of a launch', () => {
  it('says whose it is, to whoever has the secret', () => {
    expect(new Credentials(SECRET).caller(new Credentials(SECRET).token(A))).toEqual(A)
    expect(new Credentials(randomBytes(32)).caller(new Credentials(SECRET).token(A))).toBeUndefined()
  })

  it('differs for every agent and every launch', () => {
    const credentials = new Credentials(SECRET)
    const tokens = [A, B, { ...A, launchId: 'launch-2' }].map((caller) => credentials.token(caller))
    expect(new Set(tokens).size).toBe(3)
  })

  it('cannot be changed in any part', () => {
    const credentials = new Credentials(SECRET)
    const [scheme, , launch, mac] = credentials.token(A).split('.')
    const other = Buffer.from(B.name).toString('base64url')
    const token = credentials.token(A)
    const forged = [
      `${scheme}.${other}.${launch}.${mac}`,
      `${token}x`,
      token.slice(0, -1),
      `${token}.${mac}`,
      '',
      'mosaic...',
      'x'.repeat(5_000),
    ]
    for (const each of forged) expect(credentials.caller(each)).toBeUndefined()
  })
})

describe('a session of an MCP client', () => {
  it('is known again by its launch alone', () => {
    const id = new Credentials(SECRET).session(A, Date.UTC(2026, 0, 2), randomBytes(8))
    const later = new Credentials(SECRET)
    expect([later.isSession(A, id), later.isSession(B, id), later.isSession({ ...A, launchId: 'launch-2' }, id)]).toEqual([
      true,
      false,
      false,
    ])
    for (const each of ['', 'x', id.slice(1), `${id}x`, 'a'.repeat(10_000)]) expect(later.isSession(A, each)).toBe(false)
  })

  it('sorts by when it was begun', () => {
    const credentials = new Credentials(SECRET)
    const at = [1, 1_000, Date.UTC(2026, 0, 1), Date.UTC(2040, 0, 1)]
    const ids = at.map((ms) => credentials.session(A, ms, randomBytes(8)))
    expect([...ids].sort()).toEqual(ids)
  })

  it('is no token', () => {
    const credentials = new Credentials(SECRET)
    expect(credentials.caller(credentials.session(A, 1, randomBytes(8)))).toBeUndefined()
    expect(credentials.isSession(A, credentials.token(A))).toBe(false)
  })
})
