import { messageId } from '@mosaic/domain/message'
import { recordedScreens } from '@mosaic/testkit/recorded-screens'
import { tempHome } from '@mosaic/testkit/temp-home'
import { expect, it } from 'vitest'
import { Inbox } from '../../signals/inbox.ts'
import { ToolGate } from './tool-gate.ts'
import { Typing } from './typing.ts'
import { ClaudeVoice } from './voice.ts'

/** Whether a command is typed where the screen is this and nothing else is said of a question. */
async function isTyped(screen: string): Promise<boolean> {
  await using home = await tempHome()
  using inbox = new Inbox(home.root)
  const typing = new Typing({
    gate: new ToolGate(),
    voice: new ClaudeVoice(inbox, () => {}),
    status: () => ({ sessionId: 's', status: 'idle', waitingFor: null, sinceMs: 1 }),
    screen: async () => screen,
  })
  let typed = 0
  const said = await typing.command(async () => {
    typed += 1
    return true
  })
  expect(typed).toBe(said ? 1 : 0)
  return said
}

const claude = recordedScreens().filter(({ runtime }) => runtime === 'claude')

it.each(claude)('types into a composer that is there and empty, and nowhere else: $state', async ({ state, text }) => {
  expect(await isTyped(text)).toBe(state !== 'dialog' && state !== 'draft')
})

it.each(['', '$ ', 'Press any key to continue', '❯ 1. Yes\n  2. No\n\nEnter to confirm'])(
  'types nothing into a screen that is %j',
  async (text) => {
    expect(await isTyped(text)).toBe(false)
  },
)

it('knows a text that was typed as on its way until it was taken', async () => {
  await using home = await tempHome()
  using inbox = new Inbox(home.root)
  const voice = new ClaudeVoice(inbox, () => {})
  const screen = claude.find(({ state }) => state === 'idle')?.text ?? ''
  const status = () => ({ sessionId: 's', status: 'idle', waitingFor: null, sinceMs: 1 }) as const
  const typing = new Typing({ gate: new ToolGate(), voice, status, screen: async () => screen })
  const id = messageId(1, new Uint8Array(10))
  const text = `[acme@box:lead -> acme@box:coder0 #${id}]\nhello`
  expect(await typing.type({ id, text, again: false }, async () => true)).toEqual({ outcome: 'typed', result: true })
  let settled = false
  const settling = typing.settled().then(() => {
    settled = true
  })
  await new Promise(setImmediate)
  expect(settled).toBe(false)
  voice.submitted({ prompt: text })
  await settling
  expect(inbox.state(id)).toBe('pending')
})
