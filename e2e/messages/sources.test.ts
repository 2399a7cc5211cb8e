import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Receipt } from '@mosaic/domain/message'
import { until } from '@mosaic/testkit/until'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Ended, FleetUnderTest } from '../fleet-under-test.ts'
import { CORE, FakeAgents, writeCast } from './cast.ts'
import { filled, KIB } from './contents.ts'
import { spooled } from './spooled.ts'

const TEXT = '-n "$(id)" `id`\tnaïve 😀\n\nEnter; C-c\\ \'x\';\n'
const LARGEST = filled(64 * KIB, '😀', 3)

let fleet: FleetUnderTest
let agents: FakeAgents
let pid: number | null

const file = (name: string) => join(fleet.home.home, name)
const bytesSeen = () => agents.log(pid).filter(({ event }) => event === 'bytes').length
const sendTo = (name: string, args: readonly string[], stdin: string | Buffer = '') =>
  fleet.mosaic(['agent', 'send', name, '--verify', '--verify-timeout', '60000', '--json', ...args], { stdin })
const withId = (id: string) => agents.submits('coder0').flatMap((submit) => (submit.id === id ? [submit.text] : []))
/** Recorded just after the word that the message was accepted. */
const takenWith = (id: string) => until(() => withId(id).length > 0 && withId(id))
const problemOf = ({ stdout }: Ended) =>
  (JSON.parse(stdout) as { error: { code: string; message: string; reason: string; mend: string } }).error

beforeAll(async () => {
  fleet = await FleetUnderTest.make()
  agents = new FakeAgents(fleet)
  writeCast(fleet, [...CORE, agents.entry('coder0', {})], agents.environment)
  await fleet.ok(['fleet', 'up'])
  pid = (await fleet.healthy('coder0')).pid
})
afterAll(() => fleet[Symbol.asyncDispose]())

describe('every way of giving a text', () => {
  const ways: [way: string, args: (text: string) => string[], onStdin: boolean][] = [
    ['--message TEXT', (text) => ['--message', text], false],
    ['--message=TEXT', (text) => [`--message=${text}`], false],
    ['-m TEXT', (text) => ['-m', text], false],
    ['--file FILE', () => ['--file', file('brief.md')], false],
    ['--file - and stdin', () => ['--file', '-'], true],
    ['- and stdin', () => ['-'], true],
    ['stdin alone', () => [], true],
  ]

  it.each(ways)('hands over the same by %s, up to 64 KiB', async (_, args, onStdin) => {
    for (const text of [TEXT, LARGEST]) {
      writeFileSync(file('brief.md'), text)
      const { status, stdout, stderr } = await sendTo('coder0', args(text), onStdin ? text : '')
      expect(status, stdout + stderr).toBe(0)
      const { id } = JSON.parse(stdout) as Receipt
      const taken = await takenWith(id)
      expect(taken).toHaveLength(1)
      expect(taken[0] === `[acme@box:operator -> acme@box:coder0 #${id}]\n${text}`).toBe(true)
    }
  })

  const tooLarge: [what: string, text: string][] = [
    ['one byte more than 64 KiB', `${filled(64 * KIB, 'x')}y`],
    ['one byte more of four-byte characters', filled(64 * KIB + 1, '😀', 1)],
    ['fewer than 65,536 characters of more bytes', '漢'.repeat(22_000)],
    ['far more', 'x'.repeat(100 * KIB)],
  ]

  it.each(tooLarge)('refuses %s before a byte reaches the pane or the spool', async (_, text) => {
    const before = { bytes: bytesSeen(), spool: spooled(fleet) }
    for (const [way, args, onStdin] of ways) {
      writeFileSync(file('brief.md'), text)
      const ended = await sendTo('coder0', args(text), onStdin ? text : '')
      expect(ended.status, way).toBe(2)
      expect(problemOf(ended), way).toMatchObject({ code: 'invalid', reason: 'too-large', mend: expect.stringContaining('file') })
    }
    expect({ bytes: bytesSeen(), spool: spooled(fleet) }).toEqual(before)
  })
})

describe('what is no text to send', () => {
  const refused: [what: string, args: () => string[], stdin: Buffer | string, says: RegExp][] = [
    ['a byte that begins no character', () => [], Buffer.from('a\xff', 'latin1'), /byte 1 .*UTF-8/],
    ['a character cut short', () => [], Buffer.from('ab😀').subarray(0, 4), /byte 2 .*UTF-8/],
    ['an overlong slash', () => [], Buffer.from([0xc0, 0xaf]), /byte 0 .*UTF-8/],
    ['half a surrogate pair', () => [], Buffer.from([0x61, 0xed, 0xa0, 0x80]), /byte 1 .*UTF-8/],
    ['a binary file', () => ['--file', process.execPath.replace(/node$/, 'node')], '', /UTF-8|bytes/],
    ['nothing on stdin', () => [], '', /empty/],
    ['an empty --message', () => ['--message', ''], '', /empty/],
    ['a file that is not there', () => ['--file', '/nowhere/brief.md'], '', /no such file/],
    ['a directory', () => ['--file', '/tmp'], '', /directory/],
    ['two sources', () => ['--message', 'a', '--file', '-'], 'b', /one source/],
    ['words behind the name', () => ['hello'], '', /--message/],
  ]

  it.each(refused)('%s is refused, and nothing is sent', async (_, args, stdin, says) => {
    const before = { bytes: bytesSeen(), spool: spooled(fleet) }
    const ended = await sendTo('coder0', args(), stdin)
    expect(ended.status, ended.stdout).toBe(2)
    expect(problemOf(ended).message).toMatch(says)
    expect(problemOf(ended).mend).toMatch(/./)
    expect({ bytes: bytesSeen(), spool: spooled(fleet) }).toEqual(before)
  })
})

describe('who gets it, and who sent it', () => {
  it('suggests the name that was meant when there is no such agent', async () => {
    const ended = await fleet.mosaic(['agent', 'send', 'orchestrater', '--message', 'hi', '--verify'])
    expect(ended.status).toBe(3)
    expect(ended.stderr).toMatch(/no agent "orchestrater"/)
    expect(ended.stderr).toMatch(/orchestrator\b/)
    const json = await sendTo('coder1', ['--message', 'hi'])
    expect([json.status, problemOf(json).code]).toEqual([3, 'not_found'])
    expect(JSON.stringify(problemOf(json))).toContain('coder0')
  })

  it.each(['=coder0', 'coder0:0', 'coder0.1', '../coder0', '-t', '$1', '%0', '@0', ''])('reaches nobody by %j', async (name) => {
    const before = { bytes: bytesSeen(), spool: spooled(fleet) }
    const ended = await fleet.mosaic(['agent', 'send', '--message', 'hi', '--', name])
    expect(ended.status, ended.stdout + ended.stderr).toBeGreaterThanOrEqual(2)
    expect({ bytes: bytesSeen(), spool: spooled(fleet) }).toEqual(before)
  })

  it('puts the label in the place of the operator', async () => {
    const ended = await sendTo('coder0', ['--message', 'built', '--source-label', 'ci'])
    const receipt = JSON.parse(ended.stdout) as Receipt
    expect(receipt).toMatchObject({ from: 'acme@box:ci', to: 'acme@box:coder0', state: 'accepted' })
    expect(await takenWith(receipt.id)).toEqual([`[acme@box:ci -> acme@box:coder0 #${receipt.id}]\nbuilt`])
    const bad = await sendTo('coder0', ['--message', 'built', '--source-label', 'c i] ->'])
    expect([bad.status, problemOf(bad).code]).toEqual([2, 'invalid'])
  })
})

describe('the receipt', () => {
  it('is what the send answered, for whoever asks for it', async () => {
    const sent = await fleet.send('coder0', 'for the record')
    expect(sent.receipt).toMatchObject({
      tenant_id: 'acme',
      host: 'box',
      from: 'acme@box:operator',
      to: 'acme@box:coder0',
      state: 'accepted',
      reason: null,
      signal: 'stub:accepted',
      mode: 'turn',
      attempts: 1,
      bytes: 14,
    })
    expect(sent.receipt.latency_ms).toBeGreaterThanOrEqual(0)
    const asked = await fleet.mosaic(['agent', 'receipt', sent.receipt.id, '--json'])
    expect([asked.status, JSON.parse(asked.stdout)]).toEqual([0, sent.receipt])
    const words = await fleet.mosaic(['agent', 'receipt', `#${sent.receipt.id.toUpperCase()}`])
    expect(words.status).toBe(0)
    expect(words.stdout).toMatch(/^state: +accepted$/m)
    expect(words.stdout).toMatch(/^signal: +stub:accepted$/m)
  })

  it('is said in words by the send itself', async () => {
    const { status, stdout } = await fleet.mosaic(['agent', 'send', 'coder0', '--message', 'hi', '--verify'])
    expect(status).toBe(0)
    expect(stdout).toMatch(/^accepted by coder0 in \S+ ?m?s \(stub:accepted\) #[0-9a-z]{26}\n$/)
  })

  it('of a message that is not there is not found', async () => {
    for (const id of ['01k9zt4v6n3q8r5w2x7y1abcde', 'x', ''])
      expect((await fleet.mosaic(['agent', 'receipt', id, '--json'])).status).toBe(3)
  })

  it('is in the audit log, with who sent it, before a byte is typed', async () => {
    const { receipt } = await fleet.send('coder0', 'audited')
    const lines = readFileSync(fleet.paths.auditFile, 'utf8').trimEnd().split('\n')
    const entries = lines.map((line) => JSON.parse(line) as Record<string, unknown>).filter(({ ref }) => ref === receipt.id)
    expect(entries).toMatchObject([{ verb: 'deliver', agent: 'coder0', actor: 'acme@box:operator', tenant_id: 'acme', host: 'box' }])
  })
})
