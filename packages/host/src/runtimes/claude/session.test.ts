import { appendFileSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Message } from '@mosaic/domain/message'
import type { ConnectContext } from '@mosaic/domain/ports/runtime'
import type { SignalBody } from '@mosaic/domain/signal'
import { tempHome } from '@mosaic/testkit/temp-home'
import { until } from '@mosaic/testkit/until'
import { expect, it } from 'vitest'
import { startTicksOf } from '../../processes.ts'
import { ClaudeSession } from './session.ts'
import { noteSession } from './session-record.ts'

const SESSION = '11111111-2222-3333-4444-555555555555'
const OTHER_SESSION = '66666666-2222-3333-4444-555555555555'
const ID = '01m8cm1d3b3th0rn6vynfjnc34'
const text = `[t@h:a -> t@h:b #${ID}]\nhello`
const prompt = (turnIndex: number) => `${JSON.stringify({ type: 'user', message: { content: text }, turnPosition: { turnIndex } })}\n`

async function world() {
  const home = await tempHome()
  const directory = join(home.root, 'claude')
  const state = join(home.root, 'state')
  const projects = join(directory, 'projects', '-work')
  for (const made of [state, projects, join(directory, 'sessions')]) mkdirSync(made, { recursive: true })
  const logged: string[] = []
  const said: SignalBody[] = []
  const context = {
    stateDirectory: state,
    pid: process.pid,
    agent: { model: undefined },
    channel: { hasStream: true, ping: async () => true, onHook: () => ({ [Symbol.dispose]: () => {} }) },
    screen: async () => '',
    type: async () => true,
    log: (line: string) => logged.push(line),
  } as unknown as ConnectContext
  let observing: Disposable | undefined
  const inbox = join(state, 'inbox.jsonl')
  return {
    said,
    logged,
    state,
    directory,
    record: join(state, 'claude-session.json'),
    transcript: join(projects, `${SESSION}.jsonl`),
    kinds: () => said.map(({ kind }) => kind),
    begin(before = () => {}) {
      const session = new ClaudeSession(context, directory)
      before()
      observing = session.observe((signal) => said.push(signal))
      return session
    },
    /** A file that stands in the way as a directory cannot be written, whoever tries. */
    block(path: string) {
      rmSync(path, { force: true })
      mkdirSync(join(path, 'in-the-way'), { recursive: true })
    },
    free: (path: string) => rmSync(path, { recursive: true }),
    inbox,
    status(sessionId: string, status: string, statusUpdatedAt: number) {
      const fields = { pid: process.pid, procStart: startTicksOf(process.pid), sessionId, status, statusUpdatedAt }
      writeFileSync(join(directory, 'sessions', `${process.pid}.json`), JSON.stringify(fields))
    },
    async [Symbol.asyncDispose]() {
      observing?.[Symbol.dispose]()
      await home[Symbol.asyncDispose]()
    },
  }
}

it('a prompt that cannot be stored ends nothing, is told of, and is taken in when it can be', async () => {
  await using at = await world()
  writeFileSync(at.transcript, '{"type":"mode"}\n')
  at.status(SESSION, 'idle', 1)
  const session = at.begin()
  await until(() => at.kinds().includes('ready'))
  at.block(at.inbox)
  appendFileSync(at.transcript, prompt(1))
  await until(() => at.logged.length > 0)
  expect(at.kinds()).not.toContain('accepted')
  const type = () => Promise.reject(new Error('typed what it has already'))
  expect(await session.whileNoQuestion(type, { id: ID } as Message)).toMatchObject({ outcome: 'refused', because: 'unavailable' })
  at.free(at.inbox)
  await until(() => at.kinds().includes('turn'))
  expect(at.said.filter(({ kind }) => kind === 'accepted')).toEqual([{ kind: 'accepted', id: ID, mode: 'turn' }])
})

it('a conversation that cannot be noted is followed when it can be', async () => {
  await using at = await world()
  at.block(at.record)
  at.status(SESSION, 'idle', 1)
  at.begin()
  await until(() => at.logged.length > 0)
  expect(at.kinds()).toEqual(['started'])
  at.free(at.record)
  await until(() => at.kinds().includes('activity'))
  expect(at.kinds()).toEqual(['started', 'ready', 'activity'])
  at.status(SESSION, 'busy', 2)
  await until(() => at.kinds().filter((kind) => kind === 'activity').length === 2)
})

it('what was said before, and cannot be stored at the beginning, is taken in as said before', async () => {
  await using at = await world()
  for (const id of [OTHER_SESSION, SESSION]) noteSession(at.state, { id, directory: at.directory })
  writeFileSync(at.transcript, prompt(3))
  at.status(SESSION, 'idle', 1)
  at.begin(() => at.block(at.inbox))
  await until(() => at.logged.length > 0)
  expect(at.kinds()).toEqual(['started'])
  at.free(at.inbox)
  await until(() => at.kinds().includes('activity'))
  expect(at.kinds()).toEqual(['started', 'accepted', 'ready', 'activity'])
})
