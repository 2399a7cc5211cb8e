import { ReportStore } from '@mosaic/host/agent-tools/report-store'
import { resolvePaths } from '@mosaic/host/paths'
import { expect, test } from 'vitest'
import { EXIT } from '../exit-codes.ts'
import { TemporaryHome } from '../test-run.ts'

const ORIGIN = { at: '2026-11-26T13:44:40.664Z', tenant_id: 't', host: 'h' }

/** A fleet that does not run, with what its agents said before. */
async function stopped(): Promise<TemporaryHome> {
  const home = new TemporaryHome()
  await home.run(['fleet', 'init', '--write'])
  using store = new ReportStore(resolvePaths({ env: {}, home: home.path }))
  const report = { ...ORIGIN, kind: 'progress' as const, percent: 50, text: 'half\u001b[2J\nof it' }
  store.addReport({ ...report, id: 'r1', agent: 'enhancer', task: 'the parser' })
  store.addReport({ ...report, id: 'r2', agent: 'orchestrator', task: null, percent: null, kind: 'blockage' })
  store.addEscalation({
    ...ORIGIN,
    id: 'e1',
    agent: 'enhancer',
    trigger: 'legal_unknown',
    text: 'may I?',
    message_id: null,
    acknowledged_at: null,
    acknowledged_by: null,
  })
  return home
}

test('agent reports shows what agents said, newest first, harmlessly, with the fleet stopped too', async () => {
  using home = await stopped()
  const { status, stdout } = await home.run(['agent', 'reports'])
  expect(status).toBe(EXIT.done)
  expect(stdout).toBe(
    '2026-11-26T13:44:40.664Z orchestrator blockage\n  half␛[2J\n  of it\n' +
      '2026-11-26T13:44:40.664Z enhancer progress 50 % of the parser\n  half␛[2J\n  of it\n',
  )
})

test('agent reports of one agent, as many as wanted, or of none that there is', async () => {
  using home = await stopped()
  const of = async (...argv: string[]) =>
    (JSON.parse((await home.run(['agent', 'reports', ...argv, '--json'])).stdout) as { reports: { id: string }[] }).reports
  expect((await of('enhancer')).map(({ id }) => id)).toEqual(['r1'])
  expect((await of('--limit', '1')).map(({ id }) => id)).toEqual(['r2'])
  expect((await home.run(['agent', 'reports', 'nobody'])).status).toBe(EXIT.notFound)
  using empty = new TemporaryHome()
  expect((await empty.run(['agent', 'reports'])).status).toBe(EXIT.notFound)
  await empty.run(['fleet', 'init', '--write'])
  expect((await empty.run(['agent', 'reports'])).stdout).toBe('No reports.\n')
})

test('fleet escalations shows what is open, and acknowledging needs the running fleet', async () => {
  using home = await stopped()
  const { stdout } = await home.run(['fleet', 'escalations'])
  expect(stdout).toBe('2026-11-26T13:44:40.664Z enhancer legal_unknown e1 (open)\n  may I?\n')
  const { status, stderr } = await home.run(['fleet', 'escalations', '--ack', 'e1'])
  expect([status, stderr.includes('mosaic fleet start')]).toEqual([EXIT.notDone, true])
  expect((await home.run(['fleet', 'ps'])).stdout).toContain('mosaic fleet escalations --ack e1')
})
