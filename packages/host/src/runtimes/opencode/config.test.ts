import { FleetError } from '@mosaic/domain/error'
import { expect, test } from 'vitest'
import { launchConfig, modelOf, parseModel } from './config.ts'

const endpoint = { url: 'http://127.0.0.1:7', tokenVariable: 'MOSAIC_FLEET_TOKEN' }

test('names a model as provider and model, of which the second may hold slashes', () => {
  expect(parseModel('openrouter/anthropic/claude')).toEqual({ providerID: 'openrouter', modelID: 'anthropic/claude' })
  expect(['opus', '/x', 'x/', 'a b/c'].map(parseModel)).toEqual([undefined, undefined, undefined, undefined])
})

test('refuses a model of the roster that OpenCode could not find, with what lists them', () => {
  expect(modelOf({ name: 'a0', model: undefined })).toBeUndefined()
  const refusal = () => modelOf({ name: 'a0', model: 'opus' })
  expect(refusal).toThrow(FleetError)
  expect(refusal).toThrow('provider/model')
})

test('adds the contract and the fleet tools, whose token stays in its variable, and no permission', () => {
  const config = JSON.parse(launchConfig({ contractFile: '/c.md', endpoint, model: undefined })) as Record<string, unknown>
  expect(config).toEqual({
    autoupdate: false,
    share: 'disabled',
    instructions: ['/c.md'],
    mcp: {
      fleet: {
        type: 'remote',
        url: 'http://127.0.0.1:7/mcp',
        enabled: true,
        oauth: false,
        headers: { Authorization: 'Bearer {env:MOSAIC_FLEET_TOKEN}' },
      },
    },
  })
})
