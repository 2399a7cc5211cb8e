import { chmodSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { tempHome } from '@mosaic/testkit/temp-home'
import { expect, it } from 'vitest'
import { isExecutable, onPath } from './executable.ts'

it('finds the first program on a PATH: a file that can be run, in an absolute place', async () => {
  await using home = await tempHome()
  const [first, second] = [join(home.root, 'first'), join(home.root, 'second')]
  mkdirSync(join(first, 'tool'), { recursive: true })
  mkdirSync(second)
  writeFileSync(join(first, 'plain'), '')
  for (const name of ['tool', 'plain']) {
    writeFileSync(join(second, name), '')
    chmodSync(join(second, name), 0o755)
  }
  expect([isExecutable(join(first, 'tool')), isExecutable(join(first, 'plain')), isExecutable(join(second, 'tool'))]).toEqual([
    false,
    false,
    true,
  ])
  const path = `:.:relative:${first}:${second}`
  expect(onPath('tool', path)).toBe(join(second, 'tool'))
  expect(onPath('plain', path)).toBe(join(second, 'plain'))
  expect([onPath('absent', path), onPath('tool', undefined), onPath('tool', '')]).toEqual([undefined, undefined, undefined])
  expect(onPath(join(second, 'tool'), undefined)).toBe(join(second, 'tool'))
})
