/** What whoever holds sessions with a real terminal promises, shown with real programs in them. */

import { join } from 'node:path'
import type { PaneState, SessionHost, SessionSpec } from '@mosaic/domain/ports/session-host'
import { describe, expect, test } from 'vitest'
import { readAgentLog, readSubmits } from '../fake-agent/agent-log.ts'
import { agentCommand } from '../fake-agent/in-tmux.ts'
import { eventuallyDead, killNine } from '../faults.ts'
import { isAlive } from '../processes.ts'
import { TempHome } from '../temp-home.ts'
import { until } from '../until.ts'
import { refusal } from './fleet-home.ts'

export interface SessionHostHarness {
  /** Every call gives another one on the same sessions, as a later process has it. */
  open(): SessionHost
  /** A person begins to scroll in that session. */
  scroll(session: string): Promise<void>
}

export function sessionHostContract(name: string, harnessOf: (home: TempHome) => SessionHostHarness): void {
  const scene = (act: (host: SessionHost, home: TempHome, harness: SessionHostHarness) => Promise<void>) => async () => {
    await using home = new TempHome({})
    const harness = harnessOf(home)
    await act(harness.open(), home, harness)
  }
  const spec = (home: TempHome, session: string, argv: readonly string[]): SessionSpec => ({
    session,
    argv,
    cwd: home.root,
    width: 100,
    height: 30,
    mark: `mark of ${session}`,
  })
  const paneOf = async (host: SessionHost, session: string): Promise<PaneState | undefined> =>
    (await host.list()).find((pane) => pane.session === session)
  /** Its terminal is closed, and how it ended is known, which can be a moment later. */
  const dead = (host: SessionHost, session: string) =>
    until(async () => {
      const pane = await paneOf(host, session)
      return pane?.alive === false && (pane.exitStatus ?? pane.exitSignal) !== null && pane
    })

  /** A program that records what is typed into it, ready for that. */
  async function reader(host: SessionHost, home: TempHome, session: string) {
    const { argv, env } = agentCommand(home, { name: session })
    const words = Object.entries({ FAKE_AGENT_LOG: env.FAKE_AGENT_LOG, FAKE_AGENT_SUBMITS: env.FAKE_AGENT_SUBMITS })
    const pane = await host.create(spec(home, session, ['env', ...words.map(([key, value]) => `${key}=${value}`), ...argv]))
    const log = () => readAgentLog(env.FAKE_AGENT_LOG)
    await until(() => log().some(({ event }) => event === 'ready'), { what: `${session} being ready` })
    return {
      pane,
      submits: () => readSubmits(env.FAKE_AGENT_SUBMITS).map(({ text }) => text),
      heardBytes: () => log().some(({ event }) => event === 'bytes'),
    }
  }

  describe(`sessions held by ${name}`, () => {
    test(
      'are none as long as nobody made one, and asking makes none',
      scene(async (host, home) => {
        expect(await host.list()).toEqual([])
        expect(await host.kill('nobody')).toBe(false)
        expect(await host.paste('nobody', '$0', 'x')).toEqual({ outcome: 'refused', because: 'no-session' })
        expect(await refusal(host.capture('nobody'))).toMatchObject({ code: 'not_done', reason: 'no-session' })
        await host.close()
        expect(home.leftovers()).toEqual({ processes: [], sockets: [] })
      }),
    )

    test(
      'are described by the one that made them and by every later one alike',
      scene(async (host, home, harness) => {
        const made = await host.create(spec(home, 'coder0', ['cat']))
        expect(made).toMatchObject({ session: 'coder0', alive: true, width: 100, height: 30, mark: 'mark of coder0', inCopyMode: false })
        expect(isAlive(made.pid)).toBe(true)
        const { sessionId, paneId, pid, tty, mark } = made
        expect(await paneOf(harness.open(), 'coder0')).toMatchObject({ sessionId, paneId, pid, tty, mark })
      }),
    )

    test(
      'have a name once: a second of that name is refused and the first not touched',
      scene(async (host, home) => {
        const { pid, sessionId } = await host.create(spec(home, 'coder0', ['cat']))
        expect(await refusal(host.create(spec(home, 'coder0', ['cat'])))).toMatchObject({ code: 'refused' })
        expect(await host.list()).toMatchObject([{ session: 'coder0', pid, sessionId, alive: true }])
      }),
    )

    test(
      'are not made, not even half, where the program or its directory is missing',
      scene(async (host, home) => {
        expect(await refusal(host.create(spec(home, 'coder0', ['/no/such/program'])))).toMatchObject({ code: 'not_done' })
        const nowhere = { ...spec(home, 'coder0', ['cat']), cwd: join(home.root, 'nowhere') }
        expect(await refusal(host.create(nowhere))).toMatchObject({ code: 'not_done', mend: expect.stringContaining('nowhere') })
        expect(await host.list()).toEqual([])
      }),
    )

    test(
      'have names that are asserted: nothing else than a name reaches a target',
      scene(async (host, home) => {
        await host.create(spec(home, 'coder0', ['cat']))
        for (const bad of ['', 'a.b', 'a:b', '=coder0', 'coder*', '-t', 'a b', '../x', '$0', '@0', '{last}']) {
          expect((await refusal(host.create(spec(home, bad, ['cat'])))).code, bad).toBe('invalid')
          expect((await refusal(host.kill(bad))).code, bad).toBe('invalid')
          expect((await refusal(host.paste(bad, '$0', 'x'))).code, bad).toBe('invalid')
          expect((await refusal(host.capture(bad))).code, bad).toBe('invalid')
        }
        expect(await host.list()).toMatchObject([{ session: 'coder0', alive: true }])
      }),
    )

    test(
      'are ended one by one, by their whole name',
      scene(async (host, home) => {
        const one = await host.create(spec(home, 'coder1', ['cat']))
        const ten = await host.create(spec(home, 'coder10', ['cat']))
        expect(await host.kill('coder')).toBe(false)
        expect(await host.kill('coder1')).toBe(true)
        await eventuallyDead(one.pid)
        expect(await host.kill('coder1')).toBe(false)
        expect(await host.list()).toMatchObject([{ session: 'coder10', pid: ten.pid, alive: true }])
      }),
    )

    test(
      'stay with their last screen and how they ended when their program has ended',
      scene(async (host, home) => {
        await host.create(spec(home, 'exits', ['sh', '-c', 'echo last words; exit 7']))
        const { pid } = await host.create(spec(home, 'killed', ['cat']))
        killNine(pid)
        expect(await dead(host, 'exits')).toMatchObject({ exitStatus: 7, exitSignal: null })
        expect(await dead(host, 'killed')).toMatchObject({ exitStatus: null, exitSignal: 9 })
        expect(await host.capture('exits')).toContain('last words')
        expect(await host.kill('exits')).toBe(true)
      }),
    )

    test(
      'show their screen as text, and what has scrolled away only when asked',
      scene(async (host, home) => {
        await host.create(spec(home, 'coder0', ['sh', '-c', 'seq 1 200; printf "\\033[31mgrün\\033[0m 漢字"; exec cat']))
        await until(async () => (await host.capture('coder0')).includes('grün 漢字'))
        const lines = (await host.capture('coder0')).split('\n')
        expect(lines).toContain('200')
        expect(lines).not.toContain('1')
        expect((await host.capture('coder0', { historyLines: 500 })).split('\n')).toContain('1')
        expect(await host.capture('coder0', { escapes: true })).toContain('\u001b[31mgrün')
      }),
    )

    test(
      'end with their holder when nobody is left in them, and not before',
      scene(async (host, home, harness) => {
        const { pid } = await host.create(spec(home, 'coder0', ['cat']))
        await host.close()
        expect(await harness.open().list()).toMatchObject([{ session: 'coder0', alive: true }])
        await host.kill('coder0')
        await eventuallyDead(pid)
        await host.close()
        expect(home.leftovers()).toEqual({ processes: [], sockets: [] })
      }),
    )
  })

  describe(`typing into a session held by ${name}`, () => {
    test(
      'hands the text over whole and submits it once, whatever is in it',
      scene(async (host, home) => {
        const { pane, submits } = await reader(host, home, 'coder0')
        const texts = ['one', 'two\nlines\n\n', '\ttab; $(x) `y` #{pid} \\ Enter;', '-t x', 'é漢😀', 'x'.repeat(64 * 1024)]
        for (const text of texts) expect(await host.paste('coder0', pane.sessionId, text)).toEqual({ outcome: 'pasted' })
        await until(() => submits().length === texts.length)
        expect(submits().every((text, index) => text === texts[index])).toBe(true)
      }),
    )

    test(
      'types nothing into another process that was put in its place',
      scene(async (host, home) => {
        const { pane, submits } = await reader(host, home, 'coder0')
        await home.tmux('split-window', '-d', '-t', '=coder0:0', 'cat', ';', 'swap-pane', '-d', '-s', '=coder0:0.0', '-t', '=coder0:0.1')
        expect(await host.paste('coder0', pane.sessionId, 'not for you', 'Enter', pane.pid)).toEqual({
          outcome: 'refused',
          because: 'other-incarnation',
        })
        await home.tmux('swap-pane', '-d', '-s', '=coder0:0.0', '-t', '=coder0:0.1')
        expect(await host.paste('coder0', pane.sessionId, 'for you', 'Enter', pane.pid)).toEqual({ outcome: 'pasted' })
        await until(() => submits().length > 0)
        expect(submits()).toEqual(['for you'])
      }),
    )

    test(
      'of many at once neither mixes them nor loses one',
      scene(async (host, home, harness) => {
        const { pane, submits } = await reader(host, home, 'coder0')
        const texts = Array.from({ length: 20 }, (_, index) => `${index} `.repeat(1_000))
        const others = [host, harness.open(), harness.open()]
        const outcomes = await Promise.all(texts.map((text, index) => (others[index % 3] ?? host).paste('coder0', pane.sessionId, text)))
        expect(outcomes.every(({ outcome }) => outcome === 'pasted')).toBe(true)
        await until(() => submits().length === texts.length)
        expect(submits().sort()).toEqual([...texts].sort())
      }),
    )

    test(
      'never types what would be a key or end the paste',
      scene(async (host, home) => {
        const { pane, heardBytes } = await reader(host, home, 'coder0')
        for (const text of ['a\u001b[201~b', 'a\rb', '\u0003', 'a\u009bb', '']) {
          expect((await refusal(host.paste('coder0', pane.sessionId, text))).code).toBe('invalid')
        }
        expect(heardBytes()).toBe(false)
      }),
    )

    test(
      'types nothing where another incarnation stands, a person scrolls, or the program has ended',
      scene(async (host, home, harness) => {
        const first = await reader(host, home, 'coder0')
        await host.kill('coder0')
        const { pane, heardBytes } = await reader(host, home, 'coder1')
        await host.create(spec(home, 'coder0', ['cat']))
        expect(await host.paste('coder0', first.pane.sessionId, 'x')).toEqual({ outcome: 'refused', because: 'other-incarnation' })
        await harness.scroll('coder1')
        expect((await paneOf(host, 'coder1'))?.inCopyMode).toBe(true)
        expect(await host.paste('coder1', pane.sessionId, 'x')).toEqual({ outcome: 'refused', because: 'copy-mode' })
        expect(heardBytes()).toBe(false)
        const ended = await host.create(spec(home, 'coder2', ['sh', '-c', 'exit 3']))
        await dead(host, 'coder2')
        expect(await host.paste('coder2', ended.sessionId, 'x')).toEqual({ outcome: 'refused', because: 'dead' })
        expect(await host.paste('nobody', pane.sessionId, 'x')).toEqual({ outcome: 'refused', because: 'no-session' })
        // It lives through all of that.
        expect(await paneOf(host, 'coder0')).toMatchObject({ alive: true })
      }),
    )
  })
}
