import { until } from '@mosaic/testkit/until'
import { describe, expect, test } from 'vitest'
import { runCommand } from './commands.ts'
import { Conversation } from './conversation.ts'
import { replyTo } from './reply.ts'
import { noTranscript, type TranscriptEntry } from './transcript.ts'

const ID = '01kb0000000000000000000000'
const delivered = (content: string, id = ID) => `[t@h:operator -> t@h:a0 #${id}]\n${content}`

interface Heard {
  conversation: Conversation
  accepted: string[]
  begun: string[]
  finished: string[]
  turns: string[]
  crashed: number[]
  command(line: string): void
}

function conversing(options: { thinkMs?: number; resumed?: TranscriptEntry[]; refuse?: boolean } = {}): Heard {
  const accepted: string[] = []
  const begun: string[] = []
  const finished: string[] = []
  const turns: string[] = []
  const crashed: number[] = []
  const transcript = { ...noTranscript, resumed: options.resumed ?? [] }
  const conversation = new Conversation(
    {
      accept: (id, _text, mode) => {
        if (options.refuse) throw new Error('disk full')
        if (accepted.some((line) => line.startsWith(id))) return false
        return accepted.push(`${id} ${mode}`) > 0
      },
      begin: (id) => begun.push(id),
      finish: (id) => finished.push(id),
      turn: (phase, turn) => turns.push(`${phase} ${turn}`),
      changed: () => {},
    },
    options.thinkMs ?? 1,
  )
  conversation.open(transcript)
  const command = (line: string) => runCommand(line, conversation, { quit: () => crashed.push(-1), crash: (code) => crashed.push(code) })
  return { conversation, accepted, begun, finished, turns, crashed, command }
}

const shown = ({ conversation }: Heard) => conversation.entries.map(({ role, text }) => `${role}: ${text}`)
const idle = ({ conversation }: Heard) => until(() => conversation.activity === 'idle' && conversation.queued === 0)

describe('a conversation with the stub', () => {
  test('answers what was typed, the same each time', async () => {
    const heard = conversing()
    heard.conversation.submit('hello')
    expect(heard.conversation.activity).toBe('busy')
    await idle(heard)
    expect(shown(heard)).toEqual(['user: hello', 'assistant: You said: hello (5 bytes, sha1 aaf4c61ddc)'])
    expect(heard.turns).toEqual(['started 1', 'ended 1'])
    expect(heard.accepted).toEqual([])
  })

  test('answers the content of a delivered message, without its preamble', () => {
    expect(replyTo(delivered('hello'))).toBe(replyTo('hello'))
    expect(replyTo('\n\nfirst\nsecond')).toMatch(/^You said: first… \(14 bytes/)
  })

  test('accepts a message before it acts on it, once, and says when it is answered', async () => {
    const heard = conversing()
    heard.conversation.submit(delivered('hello'))
    expect(heard.accepted).toEqual([`${ID} turn`])
    heard.conversation.submit(delivered('hello'))
    await idle(heard)
    expect([heard.begun, heard.finished]).toEqual([[ID], [ID]])
    expect(shown(heard)).toHaveLength(2)
  })

  test('does not act on a message that it could not record, and shows why', async () => {
    const heard = conversing({ refuse: true })
    heard.conversation.submit(delivered('hello'))
    await idle(heard)
    expect(shown(heard)).toEqual(['notice: not accepted: disk full'])
  })

  test('lets messages wait while it is busy, and answers them in order', async () => {
    const heard = conversing()
    heard.command('/busy 600')
    for (const index of [1, 2, 3]) heard.conversation.submit(delivered(`m${index}`, `01kb000000000000000000000${index}`))
    expect(heard.accepted.map((line) => line.split(' ')[1])).toEqual(['queued', 'queued', 'queued'])
    expect(heard.conversation.queued).toBe(3)
    heard.conversation.interrupt()
    await idle(heard)
    expect(shown(heard).filter((line) => line.startsWith('user'))).toEqual(
      [1, 2, 3].map((index) => `user: ${delivered(`m${index}`, `01kb000000000000000000000${index}`)}`),
    )
  })

  test('waits for the answer to a question, and begins nothing meanwhile', async () => {
    const heard = conversing()
    heard.command('/ask Remove it?')
    expect(heard.conversation.activity).toBe('waiting')
    expect(heard.conversation.dialog).toEqual({ question: 'Remove it?' })
    heard.conversation.submit('hello')
    expect(heard.conversation.queued).toBe(1)
    heard.conversation.answer(false)
    await idle(heard)
    expect(shown(heard)[0]).toBe('notice: denied: Remove it?')
  })

  test('begins anew when cleared, and answers there what waits', async () => {
    const heard = conversing()
    heard.command('/busy 600')
    heard.conversation.submit('waits')
    heard.command('/clear')
    expect(heard.conversation.turn).toBe(0)
    await idle(heard)
    expect(shown(heard).map((line) => line.split(':')[0])).toEqual(['user', 'assistant'])
  })

  test('takes up what was accepted and not answered, without hearing it twice', async () => {
    const heard = conversing({ resumed: [{ at: 0, role: 'user', text: delivered('hello'), id: ID }] })
    heard.conversation.takeUp([{ id: ID, text: delivered('hello') }])
    await idle(heard)
    expect(shown(heard)).toEqual([`user: ${delivered('hello')}`, `assistant: ${replyTo('hello')}`])
    expect(heard.finished).toEqual([ID])
  })

  test('counts the turns of a resumed conversation', () => {
    expect(conversing({ resumed: [{ at: 0, role: 'assistant', text: 'a' }] }).conversation.turn).toBe(1)
  })

  test('has commands for a person, and says what it does not know', () => {
    const heard = conversing()
    for (const line of ['/say hi', '/busy x', '/nonsense', '/toString', '/crash 7', '/crash x', '/quit', '/help']) heard.command(line)
    expect(heard.crashed).toEqual([7, 1, -1])
    expect(shown(heard).map((line) => line.split('\n')[0])).toEqual([
      'assistant: hi',
      'notice: /busy needs seconds above 0, e.g. /busy 5',
      'notice: no such command: /nonsense (see /help)',
      'notice: no such command: /toString (see /help)',
      'notice: /help              this text',
    ])
  })
})
