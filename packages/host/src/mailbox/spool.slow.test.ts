import { killNine } from '@mosaic/testkit/faults'
import { nodeProgram } from '@mosaic/testkit/node-program'
import { tempHome } from '@mosaic/testkit/temp-home'
import { until } from '@mosaic/testkit/until'
import { describe, expect, it } from 'vitest'
import { resolvePaths } from '../paths.ts'
import { openSpool } from './spool.ts'

/** Stores message after message, moves every second one on, and says what it was told to be done. */
const WRITER = `import { openSpool } from ${JSON.stringify(import.meta.resolve('./spool.ts'))}
  import { resolvePaths } from ${JSON.stringify(import.meta.resolve('../paths.ts'))}
  import { messageId } from ${JSON.stringify(import.meta.resolve('@mosaic/domain/message'))}
  import { randomBytes } from 'node:crypto'
  import { writeSync } from 'node:fs'
  const spool = openSpool(resolvePaths({ env: process.env }))
  const address = (session) => ({ tenant_id: 't', host: 'h', session })
  for (let index = 0; ; index += 1) {
    const id = messageId(Date.now(), randomBytes(10))
    spool.store({ id, from: address(process.argv[1]), to: address('b'), text: id.repeat(index % 500 + 1), urgent: false, createdAtMs: Date.now() })
    writeSync(1, 'stored ' + id + '\\n')
    if (index % 2 === 0) continue
    for (const event of ['claim', 'injected']) spool.apply(id, { event, atMs: Date.now() })
    writeSync(1, 'injected ' + id + '\\n')
  }`

describe('the spool', () => {
  it('has everything that was acknowledged before kill -9, whole, however often its writers are killed', async () => {
    await using home = await tempHome()
    const paths = resolvePaths({ env: home.env })
    const stored: string[] = []
    const injected = new Set<string>()
    for (let round = 0; round < 8; round += 1) {
      await using writer = nodeProgram(WRITER, { args: [`w${round}`], env: home.env })
      // Later in each round, so that the kill meets other moments of the write.
      await until(() => writer.lines.length > 3 + round * 7, { what: 'some messages' })
      killNine(writer.pid)
      await writer.ended()
      for (const line of writer.lines) {
        const [what, id = ''] = line.split(' ')
        if (what === 'stored') stored.push(id)
        else injected.add(id)
      }
      using spool = openSpool(paths)
      const kept = new Map(spool.pending('b').map((entry) => [entry.message.id, entry]))
      // At most one per round was stored and could not be told any more.
      expect(kept.size - stored.length).toBeLessThanOrEqual(round + 1)
      for (const id of stored) expect(spool.message(id)?.text.replaceAll(id, '')).toBe('')
      for (const id of injected) expect(kept.get(id)?.state).toBe('injected')
      const order = [...kept.keys()].filter((id) => stored.includes(id))
      expect(order).toEqual(stored)
    }
    expect(stored.length).toBeGreaterThan(40)
  })
})
