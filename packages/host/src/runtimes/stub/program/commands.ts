/** What a person can type after a slash. Text of a delivered message never gets here. */

import type { Conversation } from './conversation.ts'

export interface CommandActions {
  quit(): void
  /** Ends the process as a crash would: at once, saying nothing to anybody. */
  crash(exitCode: number): void
}

const HELP = [
  '/help              this text',
  '/clear             a new conversation',
  '/busy SECONDS      be busy for so long; messages wait',
  '/ask QUESTION      ask for a permission',
  '/say TEXT          say something',
  '/crash [CODE]      end as a crash would, with exit status CODE (1)',
  '/quit              end',
  '',
  'Enter sends, Ctrl-J or Alt-Enter begins a line, Ctrl-C clears a draft and twice ends, Escape interrupts, Ctrl-L redraws.',
].join('\n')

/** Longest `/busy`, seconds. */
const MAX_BUSY_S = 86_400

function work(conversation: Conversation, rest: string): void {
  const seconds = Number(rest)
  if (rest === '' || !(seconds > 0 && seconds <= MAX_BUSY_S)) conversation.notice('/busy needs seconds above 0, e.g. /busy 5')
  else conversation.work(seconds * 1000)
}

function exitCodeOf(rest: string): number {
  const code = Number(rest)
  return rest !== '' && Number.isInteger(code) && code >= 0 && code <= 255 ? code : 1
}

export function runCommand(line: string, conversation: Conversation, actions: CommandActions): void {
  const [, name = '', rest = ''] = /^\/(\S*)\s*([\s\S]*)$/.exec(line) ?? []
  const commands: Readonly<Record<string, () => void>> = {
    help: () => conversation.notice(HELP),
    clear: () => conversation.clear(),
    busy: () => work(conversation, rest),
    ask: () => conversation.ask(rest.trim() === '' ? 'May I?' : rest.trim()),
    say: () => conversation.say(rest),
    crash: () => actions.crash(exitCodeOf(rest)),
    quit: () => actions.quit(),
  }
  if (Object.hasOwn(commands, name)) commands[name]?.()
  else conversation.notice(`no such command: /${name} (see /help)`)
}
