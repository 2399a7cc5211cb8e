import { expect, test } from 'vitest'
import { type TmuxFailureKind, tmuxError, tmuxFailure } from './tmux-failure.ts'

test.each<[TmuxFailureKind, string]>([
  ['denied', 'access not allowed'],
  ['absent', 'no server running on /tmp/tmux-0/x'],
  ['dying', 'server exited unexpectedly'],
  ['mismatch', 'protocol version mismatch (client 8, server 7)'],
  ['no-target', "can't find session: x"],
  ['duplicate', 'duplicate session: x'],
  ['other', 'something else'],
])('a failure of the kind %s is known by its words and says what to do', (kind, words) => {
  const failure = tmuxFailure(1, `${words}\n`)
  expect(failure?.kind).toBe(kind)
  const error = tmuxError({ kind, text: words }, 'cannot start session x')
  expect(error.message).toBe(`cannot start session x: ${words}`)
  expect(error.mend).toBeTruthy()
})

test.each([
  "can't find session: x",
  "can't find window: 0",
  "can't find pane: 0.0",
  "can't find client: /dev/pts/1",
  'no current target',
  'no current session',
  'no current client',
  'no sessions',
  'no such session: x',
  'no server running on /tmp/tmux-0/x',
  'error connecting to /tmp/tmux-0/x (No such file or directory)',
])('%s says that something does not run, not that the operator named what is not there', (words) => {
  const failure = tmuxFailure(1, words)
  expect(failure === undefined ? undefined : tmuxError(failure, 'cannot look')).toMatchObject({ code: 'not_done', reason: 'no-session' })
})
