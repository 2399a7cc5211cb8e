import { recordedScreens } from '@mosaic/testkit/recorded-screens'
import { tempHome } from '@mosaic/testkit/temp-home'
import { expect, it } from 'vitest'
import { Inbox } from '../../signals/inbox.ts'
import { resetClaude } from './reset.ts'
import type { ClaudeStatus } from './status-file.ts'
import { ToolGate } from './tool-gate.ts'
import { Typing } from './typing.ts'
import { ClaudeVoice } from './voice.ts'

const IDLE = recordedScreens().find(({ runtime, state }) => runtime === 'claude' && state === 'idle')?.text ?? ''

async function world(first: ClaudeStatus | undefined) {
  const home = await tempHome()
  const inbox = new Inbox(home.root)
  const voice = new ClaudeVoice(inbox, () => {})
  const at = { status: first, typed: [] as string[] }
  const status = () => at.status
  const typing = new Typing({ gate: new ToolGate(), voice, status, screen: async () => IDLE })
  const type = async (text: string) => {
    at.typed.push(text)
    at.status = { ...(at.status as ClaudeStatus), sessionId: 'next' }
    return true
  }
  const reset = () => resetClaude({ status, voice, typing, type })
  const dispose = async () => {
    inbox[Symbol.dispose]()
    await home[Symbol.asyncDispose]()
  }
  return { at, voice, reset, [Symbol.asyncDispose]: dispose }
}

const status = (said: ClaudeStatus['status'], sinceMs = 0): ClaudeStatus => ({
  sessionId: 'first',
  status: said,
  waitingFor: null,
  sinceMs,
})

it('is done when the status names another session', async () => {
  await using here = await world(status('idle'))
  expect(await here.reset()).toBe('done')
  expect(here.at.typed).toEqual(['/clear'])
})

it.each([
  ['failed', status('waiting')],
  ['none', status('busy')],
  ['failed', undefined],
])('types nothing where it would wait, or answer a question: %s', async (result, first) => {
  await using here = await world(first)
  expect(await here.reset()).toBe(result)
  expect(here.at.typed).toEqual([])
})

it('waits for the turn that a prompt begins of which the status does not know yet, and leaves it alone', async () => {
  await using here = await world(status('idle'))
  here.voice.submitted({ prompt: 'hello' })
  const resetting = here.reset()
  here.at.status = status('busy', Date.now())
  expect(await resetting).toBe('none')
  expect(here.at.typed).toEqual([])
})
