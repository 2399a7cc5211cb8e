import { describe, expect, it } from 'vitest'
import { composerOn } from './composer.ts'

const RULE = '─'.repeat(80)
const screen = (...box: string[]) => ['● an answer', '', RULE, ...box, RULE, '  ⏸ manual mode on'].join('\n')

describe('the composer on a screen', () => {
  it.each([
    ['empty', ['❯ ']],
    ['with the sign alone', ['❯']],
    ['with a word of its own about the queue', ['❯ Press up to edit queued messages']],
    ['with a suggestion of its own', ['❯ Try "fix typecheck errors"']],
  ])('is free: %s', (_what, box) => {
    expect(composerOn(screen(...box))).toEqual({ shown: true, text: '' })
  })

  it('holds what a person typed, over all of its lines', () => {
    expect(composerOn(screen('❯ half a', '  thought'))).toEqual({ shown: true, text: 'half a\n  thought' })
    expect(composerOn(screen('❯ [Pasted text #1 +40 lines]'))).toMatchObject({ text: '[Pasted text #1 +40 lines]' })
  })

  it('is the last one, whatever an answer draws', () => {
    expect(composerOn([RULE, '❯ drawn', RULE, screen('❯ typed')].join('\n'))).toEqual({ shown: true, text: 'typed' })
  })

  it.each([
    ['a dialog', `${RULE}\n Bash command\n Do you want to proceed?\n ❯ 1. Yes\n   2. No\n\n Esc to cancel`],
    ['a dialog between rules', screen(' ❯ 1. Yes', '   2. No')],
    ['nothing', ''],
    ['another program', '$ '],
  ])('is not shown by %s', (_what, text) => {
    expect(composerOn(text)).toEqual({ shown: false })
  })
})
