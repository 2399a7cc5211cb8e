import { execFileSync, spawn } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, realpathSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { encodeEnvFile } from '@mosaic/domain/env-file'
import { tempHome } from '@mosaic/testkit/temp-home'
import { until } from '@mosaic/testkit/until'
import { describe, expect, it } from 'vitest'
import { LAUNCH_VARIABLE, type LaunchLine } from './launch-line.ts'

const LAUNCHER = fileURLToPath(import.meta.resolve('./launcher.ts'))
/** What the shell between launcher and runtime may add by itself. */
const SHELL_VARIABLES = ['PWD', 'OLDPWD', 'SHLVL', '_']

/** A runtime that writes down what it was given. */
const REPORT = `import { readlinkSync, writeFileSync } from 'node:fs'
  const held = (() => { try { return readlinkSync('/proc/self/fd/9') } catch { return null } })()
  const report = { argv: process.argv, env: process.env, cwd: process.cwd(), pid: process.pid, held }
  writeFileSync(process.env.REPORT, JSON.stringify(report))`

interface Report {
  argv: string[]
  env: Record<string, string>
  cwd: string
  pid: number
  held: string | null
}

async function world() {
  const home = await tempHome()
  const [envFile, alive, report, runtime] = ['agent.env', 'alive', 'report', 'runtime.mjs'].map((name) => join(home.root, name)) as [
    string,
    string,
    string,
    string,
  ]
  execFileSync('mkfifo', [alive])
  writeFileSync(runtime, REPORT)
  const prepare = (line: LaunchLine, env: Record<string, string> = {}) =>
    writeFileSync(
      envFile,
      encodeEnvFile({ PATH: home.env['PATH'] ?? '', MOSAIC_ALIVE: alive, REPORT: report, ...env, [LAUNCH_VARIABLE]: JSON.stringify(line) }),
    )
  return {
    home,
    envFile,
    alive,
    report,
    runtime,
    prepare,
    launch(...args: string[]) {
      const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', LAUNCHER, ...args], {
        env: { ...home.env, LAUNCHER_SECRET: 'must not leak' },
        stdio: ['ignore', 'pipe', 'pipe'],
      })
      let errors = ''
      child.stderr.on('data', (chunk: Buffer) => {
        errors += chunk.toString()
      })
      return new Promise<{ code: number | null; pid: number; errors: string }>((resolve) => {
        child.once('close', (code) => resolve({ code, pid: child.pid as number, errors }))
      })
    },
    said: () => JSON.parse(readFileSync(report, 'utf8')) as Report,
    [Symbol.asyncDispose]: () => home[Symbol.asyncDispose](),
  }
}

describe('the launcher', () => {
  it('becomes the runtime with exactly the environment, the arguments and the directory it was told', async () => {
    await using it = await world()
    const hostile = {
      QUOTES: `"'\`$(touch ${it.home.root}/hacked)\${HOME}\\`,
      LINES: 'a\nMOSAIC_LAUNCH=x\n\n',
      TABS: '\ta\t',
      EMPTY: '',
      UNICODE: '漢字 🎉 ü',
      SPACES: '  x  ',
      HASH: '#;x',
      __proto__x: 'y',
    }
    const words = ['a b', '', '--help', '$(touch hacked)', `it's "quoted"`, 'x\ny', '*', '漢字 🎉', ';', '\\', '-', "$'a'", '\u001b[31m']
    const cwd = join(it.home.root, `dir with $(touch hacked) and 'quotes'`)
    mkdirSync(cwd)
    it.prepare({ argv: [process.execPath, it.runtime, ...words], cwd }, hostile)
    const { code, pid, errors } = await it.launch(it.envFile)
    expect({ code, errors }).toEqual({ code: 0, errors: '' })
    const { argv, env, ...rest } = it.said()
    expect(argv.slice(2)).toEqual(words)
    for (const key of SHELL_VARIABLES) delete env[key]
    expect(env).toEqual({ PATH: it.home.env['PATH'], MOSAIC_ALIVE: it.alive, REPORT: it.report, ...hostile })
    expect(rest).toEqual({ cwd: realpathSync(cwd), pid, held: it.alive })
    expect(existsSync(join(it.home.root, 'hacked')) || existsSync(join(cwd, 'hacked'))).toBe(false)
  })

  it('finds a program by the PATH of the agent, not by its own', async () => {
    await using it = await world()
    const bin = join(it.home.root, 'bin')
    mkdirSync(bin)
    writeFileSync(join(bin, 'my-runtime'), '#!/bin/sh\nprintf "%s" "$0 $1" > "$REPORT"\n', { mode: 0o755 })
    it.prepare({ argv: ['my-runtime', 'x'], cwd: '/' }, { PATH: `${bin}:/usr/bin:/bin` })
    expect((await it.launch(it.envFile)).code).toBe(0)
    expect(readFileSync(it.report, 'utf8')).toBe(`${join(bin, 'my-runtime')} x`)
  })

  it('says in one line why it cannot launch, and exits with 127', async () => {
    await using it = await world()
    const refused = async (...args: string[]) => {
      const { code, errors } = await it.launch(...args)
      expect(code).toBe(127)
      expect(errors.trim().split('\n')).toHaveLength(1)
      return errors
    }
    expect(await refused(join(it.home.root, 'absent.env'))).toContain('this agent cannot be launched')
    writeFileSync(it.envFile, 'A=1\n')
    expect(await refused(it.envFile)).toContain('this agent cannot be launched')
    it.prepare({ argv: ['/bin/true'], cwd: join(it.home.root, 'absent') })
    expect(await refused(it.envFile)).toContain('absent')
    it.prepare({ argv: [join(it.home.root, 'no-such-runtime')], cwd: '/' })
    expect(await refused(it.envFile)).toContain('no-such-runtime')
  })

  it('names what is too large for the kernel, in one line', async () => {
    await using it = await world()
    for (const large of [
      { HUGE: 'x'.repeat(140 * 1024) },
      Object.fromEntries(Array.from({ length: 120 }, (_, at) => [`V${at}`, 'x'.repeat(60_000)])),
    ]) {
      it.prepare({ argv: ['/bin/true'], cwd: '/' }, large)
      const { code, errors } = await it.launch(it.envFile)
      expect(code).toBe(127)
      expect(errors).toMatch(/^mosaic: this agent cannot be launched: its environment .* is (HUGE with 143360|V\d+ with 60000)\n$/)
    }
  })

  it('takes as much as a roster may ask for', async () => {
    await using it = await world()
    const large = Object.fromEntries(Array.from({ length: 8 }, (_, at) => [`V${at}`, 'x'.repeat(65_000)]))
    it.prepare({ argv: ['/bin/sh', '-c', 'printf %s "$V7" > "$REPORT"'], cwd: '/' }, large)
    expect(await it.launch(it.envFile)).toMatchObject({ code: 0, errors: '' })
    expect(readFileSync(it.report, 'utf8')).toBe(large['V7'])
  })

  it('hands on no ignored or blocked signal: a runtime starts with the defaults', async () => {
    await using it = await world()
    it.prepare({ argv: ['/bin/sh', '-c', 'exec grep -E "^Sig(Ign|Blk)" /proc/self/status > "$REPORT"'], cwd: '/' })
    expect((await it.launch(it.envFile)).code).toBe(0)
    expect(readFileSync(it.report, 'utf8').match(/[0-9a-f]{16}/g)).toEqual(Array(2).fill('0'.repeat(16)))
  })

  it('leaves the terminal as it found it: a runtime reads its pane with blocking reads', async () => {
    await using it = await world()
    const script = 'for fd in 0 1 2; do grep flags /proc/self/fdinfo/$fd; done > "$REPORT.new"; mv "$REPORT.new" "$REPORT"; exec sleep 300'
    it.prepare({ argv: ['/bin/sh', '-c', script], cwd: '/' })
    const quoted = [process.execPath, LAUNCHER, it.envFile].map((word) => `'${word}'`).join(' ')
    await it.home.tmux('-f', '/dev/null', 'new-session', '-d', '-s', 'pane', `exec ${quoted}`)
    await until(() => existsSync(it.report), { what: 'the report of the runtime' })
    const flags = readFileSync(it.report, 'utf8').match(/[0-7]+$/gm) ?? []
    expect(flags).toHaveLength(3)
    const NONBLOCK = 0o4000
    expect(flags.map((text) => Number.parseInt(text, 8) & NONBLOCK)).toEqual([0, 0, 0])
  })

  it('shows nothing of the agent’s environment in its arguments', async () => {
    await using it = await world()
    it.prepare({ argv: ['/bin/sh', '-c', 'tr "\\0" " " < /proc/$$/cmdline > "$REPORT"'], cwd: '/' }, { TOKEN: 'very-secret' })
    expect((await it.launch(it.envFile)).code).toBe(0)
    expect(readFileSync(it.report, 'utf8')).not.toContain('very-secret')
  })
})
