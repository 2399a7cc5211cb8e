import { describe, expect, it } from 'vitest'
import { ToolGate } from './tool-gate.ts'

/** True when it is settled after everything that was ready has run. */
async function isSettled(promise: Promise<unknown>): Promise<boolean> {
  let settled = false
  void promise.then(() => {
    settled = true
  })
  await new Promise((resolve) => setImmediate(resolve))
  return settled
}

describe('the gate of tools', () => {
  it('lets a tool through at once while nobody types', async () => {
    const gate = new ToolGate()
    expect(await isSettled(gate.announced({ tool_use_id: 'a' }))).toBe(true)
  })

  it('holds tools while somebody types, also when another ends', async () => {
    const gate = new ToolGate()
    const one = gate.hold()
    const other = gate.hold()
    const tool = gate.announced({ tool_use_id: 'a' })
    one[Symbol.dispose]()
    one[Symbol.dispose]()
    expect(await isSettled(tool)).toBe(false)
    other[Symbol.dispose]()
    expect(await isSettled(tool)).toBe(true)
  })

  it('is quiet when what was let through runs, asks, or has said nothing for long', async () => {
    let nowMs = 0
    const gate = new ToolGate(() => nowMs)
    await gate.announced({ tool_use_id: 'a' })
    const quiet = gate.quiet()
    expect(await isSettled(quiet)).toBe(false)
    gate.settled({ tool_use_id: 'a' })
    expect(await isSettled(quiet)).toBe(true)
    await gate.announced({ tool_use_id: 'b' })
    // A question does not say of which call it is.
    gate.settled({ tool_name: 'Bash' })
    expect(await isSettled(gate.quiet())).toBe(true)
    await gate.announced({ tool_use_id: 'c' })
    nowMs = 10_000
    expect(await isSettled(gate.quiet())).toBe(true)
  })
})
