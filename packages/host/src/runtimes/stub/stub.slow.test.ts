import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { type RuntimeHarness, runtimeContract } from '@mosaic/testkit/contracts/runtime-contract'
import { messageOf, RuntimePane } from '@mosaic/testkit/contracts/runtime-pane'
import { isAlive } from '@mosaic/testkit/processes'
import { until } from '@mosaic/testkit/until'
import { describe, expect, test } from 'vitest'
import { stubAdapter } from './adapter.ts'
import type { TranscriptEntry } from './program/transcript.ts'

function transcriptOf(pane: RuntimePane): TranscriptEntry[] {
  const file = join(pane.context.stateDirectory, 'transcript.jsonl')
  const lines = existsSync(file) ? readFileSync(file, 'utf8').trim().split('\n').filter(Boolean) : []
  const entries = lines.map((line) => JSON.parse(line) as TranscriptEntry)
  return entries.slice(entries.findLastIndex(({ role }) => role === 'cleared') + 1)
}

const activityIs = (pane: RuntimePane, activity: string) => until(async () => (await pane.session.ask(5000))?.activity === activity)

async function stubHarness(): Promise<RuntimeHarness> {
  const pane = new RuntimePane({ adapter: stubAdapter, env: { MOSAIC_STUB_THINK_MS: '5' } })
  return {
    pane,
    saysUsage: false,
    heard: () => transcriptOf(pane).flatMap(({ role, text }) => (role === 'user' ? [text] : [])),
    keepBusy: async () => {
      await pane.keys('-l', '/busy 600')
      await pane.keys('Enter')
      await activityIs(pane, 'busy')
      return () => pane.keys('Escape')
    },
    [Symbol.asyncDispose]: () => pane[Symbol.asyncDispose](),
  }
}

async function question(pane: RuntimePane): Promise<() => Promise<void>> {
  await pane.keys('-l', '/ask May I?')
  await pane.keys('Enter')
  await activityIs(pane, 'waiting')
  return () => pane.keys('n')
}

runtimeContract('stub', { voice: true, questions: question }, stubHarness)

describe('the stub in a pane', () => {
  const within = (act: (pane: RuntimePane) => Promise<void>) => async () => {
    await using pane = new RuntimePane({ adapter: stubAdapter, env: { MOSAIC_STUB_THINK_MS: '5' } })
    await pane.start()
    await act(pane)
  }

  test(
    'answers on the screen, and resumes what was on it',
    within(async (pane) => {
      await pane.deliver(messageOf('hello there'))
      await until(async () => (await pane.screen()).includes('You said: hello there (11 bytes'))
      await pane.end('SIGKILL')
      await pane.start({ resume: true })
      await until(async () => (await pane.screen()).includes('You said: hello there (11 bytes'))
      await pane.end('SIGTERM')
      await pane.start({ resume: false })
      expect(await pane.screen()).not.toContain('You said')
    }),
  )

  test(
    'shows what is typed as a draft, and clears it with Ctrl-C',
    within(async (pane) => {
      await pane.keys('-l', 'half a tho')
      await activityIs(pane, 'draft')
      await until(async () => (await pane.screen()).includes('> half a tho'))
      await pane.keys('C-c')
      await activityIs(pane, 'idle')
      expect(transcriptOf(pane)).toEqual([])
    }),
  )

  test(
    'ends by Ctrl-C twice when there is no draft',
    within(async (pane) => {
      await pane.keys('C-c')
      await until(async () => (await pane.screen()).includes('press Ctrl-C again'))
      await pane.keys('C-c')
      await until(() => pane.signals().at(-1)?.kind === 'stopped')
    }),
  )

  test(
    'is approved by a paste and Enter into a question, as real runtimes are, and takes nothing of the paste',
    within(async (pane) => {
      await pane.keys('-l', '/ask Remove it?')
      await pane.keys('Enter')
      await activityIs(pane, 'waiting')
      await pane.paste('some text')
      await activityIs(pane, 'idle')
      expect(transcriptOf(pane).map(({ role, text }) => `${role} ${text}`)).toEqual(['notice approved: Remove it?'])
    }),
  )

  test(
    'takes a delivered message as one: by its Enter it answers no question that had just opened, and sends no draft',
    within(async (pane) => {
      await pane.keys('-l', '/ask Remove it?')
      await pane.keys('Enter')
      await activityIs(pane, 'waiting')
      const first = messageOf('behind the question')
      await pane.deliver(first)
      await activityIs(pane, 'waiting')
      expect(pane.acceptances(first.id).map(({ mode }) => mode)).toEqual(['queued'])
      await pane.keys('n')
      await activityIs(pane, 'idle')
      await pane.keys('-l', 'half a tho')
      await activityIs(pane, 'draft')
      await pane.deliver(messageOf('beside the draft'))
      await until(async () => (await pane.screen()).includes('> half a tho'))
      const said = () => transcriptOf(pane).flatMap(({ role, text }) => (role === 'assistant' ? [] : [text.slice(text.indexOf('\n') + 1)]))
      // Written just after the word that it was accepted.
      await until(() => said().length >= 3)
      expect(said()).toEqual(['denied: Remove it?', 'behind the question', 'beside the draft'])
    }),
  )

  test(
    'ends at once when it crashes, and says nothing',
    within(async (pane) => {
      await pane.keys('-l', '/crash 7')
      await pane.keys('Enter')
      await until(() => !isAlive(pane.pid))
      expect(pane.signals('stopped')).toEqual([])
    }),
  )

  test(
    'lets no escape sequence of a message reach the terminal',
    within(async (pane) => {
      await pane.paste('\x1b]2;taken over\x07 \x1b[31mred')
      await until(async () => (await pane.screen()).includes('␛]2;taken over␇ ␛[31mred'))
    }),
  )
})
