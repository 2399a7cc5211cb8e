import { classifyScreen, ScreenRulesSchema } from '@mosaic/domain/screen-rules'
import { describe, expect, it } from 'vitest'
import { findInScreen } from './find-in-screen.ts'

const RULES = { idle: ['^> $'], busy: ['esc to interrupt'], waiting: ['^Allow\\?'], draft: ['^> \\S'] }
const classify = (text: string) => classifyScreen(text, RULES, findInScreen)

describe('a screen by the rules of an operator', () => {
  it.each([
    ['a line\n> ', 'idle', '>'],
    ['a line\n> half', 'draft', '> half'],
    ['esc to interrupt\n> ', 'busy', 'esc to interrupt'],
    ['esc to interrupt\nAllow? [y/n]\n> ', 'waiting', 'Allow? [y/n]'],
    ['> \n> half', 'draft', '> half'],
  ])('%j is %s', (text, activity, line) => {
    expect(classify(text)).toEqual({ activity, line })
  })

  it.each(['', '   \n\n', 'something else', '>'])('%j is unknown', (text) => {
    expect(classify(text)).toEqual({ activity: 'unknown', line: null })
  })

  it('is not held up by an expression that would take for ever', () => {
    const text = `${'a'.repeat(60)}!`
    expect(findInScreen('^(a+)+$', text)).toBe('late')
    expect(classifyScreen(`> \n${text}`, { ...RULES, draft: ['^(a+)+$'] }, findInScreen)).toEqual({ activity: 'unknown', line: null })
  })

  it.each([[['(']], [['']], [[]], [['x'.repeat(600)]]])('takes no expression like %j', (idle) => {
    expect(ScreenRulesSchema.safeParse({ idle }).success).toBe(false)
  })
})
