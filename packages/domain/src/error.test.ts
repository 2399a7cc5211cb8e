import { describe, expect, test } from 'vitest'
import { ERROR_CODES, EXIT_STATUS, FleetError, fromErrorRecord, HTTP_STATUS, toErrorRecord } from './error.ts'

describe('an error', () => {
  test('keeps everything it says over a socket', () => {
    const error = new FleetError('refused', 'no', { where: 'fleet remove', mend: 'add another', reason: 'last' })
    const back = fromErrorRecord(JSON.parse(JSON.stringify(toErrorRecord(error))))
    expect(back).toBeInstanceOf(FleetError)
    expect({ ...back, message: back.message }).toEqual({ ...error, message: error.message })
  })

  test('that is not ours leaves the process as a bare internal one', () => {
    for (const thrown of [new Error('secret'), 'secret', undefined, { message: 'secret' }]) {
      expect(JSON.stringify(toErrorRecord(thrown))).not.toContain('secret')
      expect(toErrorRecord(thrown).code).toBe('internal')
    }
  })

  test('of an unknown code is internal', () => {
    expect(fromErrorRecord({ code: 'later' as never, message: 'm' }).code).toBe('internal')
  })

  test('has an exit status and an HTTP status for every code, and never that of success', () => {
    for (const code of ERROR_CODES) {
      expect(EXIT_STATUS[code]).toBeGreaterThanOrEqual(1)
      expect(EXIT_STATUS[code]).toBeLessThanOrEqual(5)
      expect(HTTP_STATUS[code]).toBeGreaterThanOrEqual(400)
    }
  })
})
