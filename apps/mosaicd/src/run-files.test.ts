import { existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { makeDirectories } from '@mosaic/host/files/tenant-directories'
import { resolvePaths } from '@mosaic/host/paths'
import { tempHome } from '@mosaic/testkit/temp-home'
import { expect, test } from 'vitest'
import { keepEnvironment, mayRevive } from './revival.ts'
import { removeServiceFiles } from './run-files.ts'

async function filled() {
  const temporary = await tempHome()
  const paths = resolvePaths({ env: temporary.env })
  makeDirectories(paths)
  keepEnvironment(paths, {})
  mayRevive(paths, 1)
  for (const file of ['supervisor.json', 'roster.last-good.json', 'mosaicd.sock']) writeFileSync(join(paths.run, file), '')
  return { paths, [Symbol.asyncDispose]: () => temporary[Symbol.asyncDispose]() }
}

test('a service that ends alone leaves its successor everything but the socket', async () => {
  await using at = await filled()
  removeServiceFiles(at.paths, { all: false })
  expect(readdirSync(at.paths.run).sort()).toEqual(['revivals.json', 'roster.last-good.json', 'service-env.json', 'supervisor.json'])
})

test('with the whole fleet stopped nothing is left of a running one', async () => {
  await using at = await filled()
  removeServiceFiles(at.paths, { all: true })
  expect([existsSync(at.paths.run), existsSync(at.paths.agents)]).toEqual([false, false])
  removeServiceFiles(at.paths, { all: true })
})

test('with the whole fleet stopped nothing is left although directories stand in the places of its files', async () => {
  await using at = await filled()
  for (const name of ['mosaicd.sock', 'service-env.json', 'revivals.json', 'supervisor.json', 'roster.last-good.json']) {
    rmSync(join(at.paths.run, name))
    mkdirSync(join(at.paths.run, name, 'deep'), { recursive: true })
  }
  removeServiceFiles(at.paths, { all: true })
  expect([existsSync(at.paths.run), existsSync(at.paths.agents)]).toEqual([false, false])
})

test('what is not the service’s own stays, and so does its directory', async () => {
  await using at = await filled()
  writeFileSync(at.paths.pausedFile, '')
  writeFileSync(join(at.paths.run, 'somebody-elses'), '')
  mkdirSync(join(at.paths.agents, 'kept'))
  removeServiceFiles(at.paths, { all: true })
  expect(readdirSync(at.paths.run).sort()).toEqual(['PAUSED', 'somebody-elses'])
  expect(existsSync(join(at.paths.agents, 'kept'))).toBe(true)
})

test('a run directory that an operator named stays when the fleet has gone', async () => {
  await using temporary = await tempHome()
  const run = join(temporary.root, 'operators-run')
  mkdirSync(run, { mode: 0o700 })
  const paths = resolvePaths({ env: { ...temporary.env, MOSAIC_HEARTBEAT_RUN_DIR: run } })
  makeDirectories(paths)
  keepEnvironment(paths, {})
  removeServiceFiles(paths, { all: true })
  expect(readdirSync(run)).toEqual([])
})
