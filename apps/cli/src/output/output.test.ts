import { FleetError } from '@mosaic/domain/error'
import { until } from '@mosaic/testkit/until'
import { expect, test } from 'vitest'
import { inWords, shortDuration } from './duration.ts'
import { errorDocument, errorText } from './error.ts'
import { jsonDocument, jsonLine } from './json.ts'
import { Progress } from './progress.ts'
import { makeStyle, wantsColour } from './style.ts'

const plain = makeStyle(false)

test.each([
  [0.4, '0s'],
  [12.2, '12s'],
  [99, '99s'],
  [100, '2m'],
  [3 * 3600, '3h'],
  [3 * 86_400, '3d'],
  [-5, '-5s'],
])('%d seconds are %s', (seconds, text) => {
  expect(shortDuration(seconds)).toBe(text)
})

test.each([
  [34.4, '34 ms'],
  [1234, '1.2 s'],
  [75_000, '75 s'],
])('%d milliseconds are %s', (ms, text) => {
  expect(inWords(ms)).toBe(text)
})

test('colour is for terminals, and not against NO_COLOR', () => {
  expect(wantsColour(true, {})).toBe(true)
  expect(wantsColour(false, {})).toBe(false)
  expect(wantsColour(true, { NO_COLOR: '1' })).toBe(false)
  expect(wantsColour(true, { NO_COLOR: '' })).toBe(true)
  expect(wantsColour(true, { TERM: 'dumb' })).toBe(false)
  expect(plain.red('x')).toBe('x')
})

test('JSON holds no character that a terminal obeys, and reads back the same', () => {
  const value = { text: '\u009b31m\u202e\u007f\u001b[2J\n漢' }
  for (const text of [jsonDocument(value), jsonLine(value)]) {
    expect(text.trimEnd()).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202e]/)
    expect(JSON.parse(text)).toEqual(value)
  }
  expect(jsonLine(value).trimEnd()).not.toContain('\n')
})

test('an error shows what, where and mend, and nothing else', () => {
  const error = new FleetError('not_found', 'no agent "x"', {
    where: 'roster.yaml:3:1',
    mend: 'mosaic agent list',
    cause: new Error('inner'),
  })
  expect(errorText(error, '/log', plain)).toBe('mosaic: no agent "x"\n  where: roster.yaml:3:1\n  mend:  mosaic agent list\n')
  expect(errorDocument(error, '/log')).toEqual({
    error: { code: 'not_found', message: 'no agent "x"', where: 'roster.yaml:3:1', mend: 'mosaic agent list', reason: null },
  })
})

test('an unforeseen error shows neither its text nor its stack', () => {
  const error = new Error('secret token 123')
  expect(errorText(error, '/home/x/cli.log', plain)).toBe('mosaic: internal error\n  mend:  look into /home/x/cli.log\n')
  expect(JSON.stringify(errorDocument(error, '/log'))).not.toContain('secret')
})

test('what the operating system refuses is said in words, with the file', () => {
  const error = Object.assign(new Error('EACCES: permission denied, open'), { code: 'EACCES', path: '/etc/x' })
  expect(errorText(error, '/log', plain)).toContain('mosaic: permission denied\n  where: /etc/x\n')
})

test('an error cannot move the cursor', () => {
  expect(errorText(new FleetError('invalid', 'bad \u001b[2J'), '/log', plain)).toBe('mosaic: bad ␛[2J\n')
})

class Kept {
  text = ''
  readonly isTTY: boolean
  readonly columns = 20
  readonly rows = 6
  constructor(isTTY: boolean) {
    this.isTTY = isTTY
  }
  write(text: string): void {
    this.text += text
  }
}

test('progress is silent while nothing takes long', () => {
  const sink = new Kept(true)
  using progress = new Progress(sink, { style: plain })
  progress.say('working')
  progress.end()
  expect(sink.text).toBe('')
})

test('progress in a log says each matter once', async () => {
  const sink = new Kept(false)
  using progress = new Progress(sink, { style: plain, afterMs: 0 })
  progress.say('starting', 'a: down')
  await until(() => sink.text !== '')
  progress.say('starting', 'a: up')
  progress.say('done \u001b[2J')
  expect(sink.text).toBe('starting; a: down\ndone ␛[2J\n')
})

test('progress on a terminal is cut to its width and cleared at the end', async () => {
  const sink = new Kept(true)
  using progress = new Progress(sink, { style: plain, afterMs: 0 })
  progress.say('a line that is longer than the terminal', 'second')
  await until(() => sink.text !== '')
  expect(sink.text).toMatch(/^\S a line that is …\u001b\[K\n {2}second\u001b\[K\n/)
  progress.end()
  expect(sink.text.endsWith('\r\u001b[2A\u001b[J')).toBe(true)
})
