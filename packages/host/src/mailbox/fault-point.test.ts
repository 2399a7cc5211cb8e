import { nodeProgram } from '@mosaic/testkit/node-program'
import { describe, expect, it } from 'vitest'
import { FAULT_POINTS } from './fault-point.ts'

/** Arms its first argument and passes its second one three times. */
const PASS = `import { armFault, faultPoint } from ${JSON.stringify(import.meta.resolve('./fault-point.ts'))}
  import { writeSync } from 'node:fs'
  armFault(process.argv[1])
  for (const passage of [1, 2, 3]) {
    faultPoint(process.argv[2])
    writeSync(1, 'passed ' + passage + '\\n')
  }`

async function passages(setting: string, point: string): Promise<{ passed: number; signal: string | null }> {
  await using program = nodeProgram(PASS, { args: [setting, point] })
  const { signal } = await program.ended()
  return { passed: program.lines.length, signal }
}

describe('a fault point', () => {
  it('kills the process on the armed passage, and on no other point', async () => {
    expect(await passages('before-claim', 'before-claim')).toEqual({ passed: 0, signal: 'SIGKILL' })
    expect(await passages('before-claim:3', 'before-claim')).toEqual({ passed: 2, signal: 'SIGKILL' })
    expect(await passages('before-claim', 'after-store')).toEqual({ passed: 3, signal: null })
  })

  it.each(['', 'nonsense', 'before-claim:9', `${FAULT_POINTS[0]} `])('does nothing when %j is armed', async (setting) => {
    expect(await passages(setting, 'before-claim')).toEqual({ passed: 3, signal: null })
  })
})
