import { expect, test } from 'vitest'
import { senderAddress } from './sender.ts'

const here = { tenant_id: 'ten', host: 'box' }

test('a person is the operator of this host', () => {
  expect(senderAddress({}, here, undefined)).toBe('ten@box:operator')
  expect(senderAddress({ MOSAIC_AGENT: '', MOSAIC_TENANT: 'other' }, here, undefined)).toBe('ten@box:operator')
})

test('an agent is itself, as its environment says', () => {
  const env = { MOSAIC_AGENT: 'coder0', MOSAIC_TENANT: 't2', MOSAIC_HOST: 'h2' }
  expect(senderAddress(env, here, undefined)).toBe('t2@h2:coder0')
})

test('a label takes the place of the session', () => {
  expect(senderAddress({}, here, 'ci')).toBe('ten@box:ci')
  expect(senderAddress({ MOSAIC_AGENT: 'coder0' }, here, 'ci')).toBe('ten@box:ci')
})

test.each(['', 'a b', 'a:b', '../x', '-x', 'x'.repeat(65), 'a\u001b[2J'])('the label %j is refused', (label) => {
  expect(() => senderAddress({}, here, label)).toThrow('--source-label')
})
