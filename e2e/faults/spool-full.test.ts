import { mkdirSync } from 'node:fs'
import type { FleetError } from '@mosaic/domain/error'
import { fullDisk } from '@mosaic/testkit/faults'
import { until } from '@mosaic/testkit/until'
import { expect, it } from 'vitest'
import { FleetUnderTest } from '../fleet-under-test.ts'
import { CORE, writeCast } from '../messages/cast.ts'
import { filled, KIB } from '../messages/contents.ts'
import { spooled } from '../messages/spooled.ts'

it('a send to a fleet whose disk is full fails with that reason, stores and delivers nothing, and what was stored is not lost', async (context) => {
  await using fleet = await FleetUnderTest.make()
  writeCast(fleet, CORE)
  mkdirSync(fleet.paths.spool, { recursive: true, mode: 0o700 })
  await using disk = await fullDisk({ at: fleet.paths.spool, sizeKiB: 1024 }).catch((error: FleetError) => context.skip(error.message))
  await fleet.ok(['fleet', 'up'])
  expect(await fleet.send('orchestrator', 'there is room')).toMatchObject({ status: 0 })
  await fleet.ok(['fleet', 'stop', 'enhancer'])
  const waiting = JSON.parse(await fleet.ok(['agent', 'send', 'enhancer', '--message', 'stored in time', '--json'])) as { id: string }

  disk.fill()
  const before = spooled(fleet)
  const refused = await fleet.mosaic(['agent', 'send', 'orchestrator', '--file', '-', '--verify', '--json'], {
    stdin: filled(64 * KIB, 'x'),
  })
  expect(refused.status).toBe(1)
  expect(JSON.parse(refused.stdout)).toMatchObject({
    error: {
      code: 'not_done',
      reason: 'disk-full',
      message: expect.stringContaining('disk is full'),
      mend: expect.stringContaining('space'),
    },
  })
  expect(spooled(fleet)).toEqual(before)

  disk.relieve()
  await fleet.ok(['fleet', 'start', 'enhancer'])
  await until(async () => (await fleet.receipt(waiting.id)).state === 'accepted')
  expect(await fleet.send('orchestrator', 'room again', ['--verify-timeout', '60000'])).toMatchObject({ status: 0 })
  await until(() => fleet.taken('orchestrator').length === 2)
  expect(fleet.taken('orchestrator').map((text) => text.slice(text.indexOf('\n') + 1))).toEqual(['there is room', 'room again'])
  await fleet.ok(['fleet', 'stop'])
})
