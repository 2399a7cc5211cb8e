import { expect, it } from 'vitest'
import { claudeComposed, claudeUnwrapped } from './claude-texts.ts'

const paste = (text: string) => `\n\n<pasted_content id="f90c">\n${text}</pasted_content id="f90c">\n`
const midTurn = (text: string) =>
  `The user sent a new message while you were working:\n${text}\n\nThis is how Claude Code surfaces messages the user sends mid-turn.\n`

it.each([
  ['as it is', 'one\ntwo', 'one\ntwo'],
  ['a paste', paste('1\n2\n3\n4\n'), '1\n2\n3\n4\n'],
  ['in a turn', midTurn('one'), 'one'],
  ['a paste in a turn', midTurn(paste('1\n2\n3\n\n').trim()), '1\n2\n3\n\n'],
  ['a mark that is not the whole text', `see ${paste('x\n')}`, `see ${paste('x\n')}`],
])('a text comes out of what Claude Code puts around it: %s', (_what, given, text) => {
  expect(claudeUnwrapped(given)).toBe(text)
})

it.each([
  ['a tab', 'a\tb', 'a    b'],
  ['the end of a short text', 'a \n \n', 'a'],
  ['a character of a short text that can be composed', 'e\u0301', '\u00e9'],
  ['the end of a long text', '1\n2\n3\n4 ', '1\n2\n3\n4 \n'],
  ['a long text with an end', '1\n2\n3\ne\u0301 \n\n', '1\n2\n3\ne\u0301 \n\n'],
])('the composer changes %s', (_what, text, composed) => {
  expect(claudeComposed(text)).toBe(composed)
})
