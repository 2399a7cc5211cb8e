import { execFile, execFileSync } from 'node:child_process'
import { copyFileSync, mkdirSync, readdirSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import type { FleetSnapshot } from '@mosaic/domain/agent-record'
import { tempHome } from '@mosaic/testkit/temp-home'
import { expect, it } from 'vitest'
import { runProgram } from './run-program.ts'

const ROOT = join(import.meta.dirname, '..', '..')
/** Half a minute with a registry that is near. */
const INSTALL_WITHIN_MS = 600_000

/** What a system has by itself: no tool of this checkout. */
const SYSTEM_PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'
/** How this machine reaches the registry is not what is tested. */
const NETWORK = /^(npm_config_(registry|cafile|proxy|https_proxy)|(https?|no)_proxy|NODE_EXTRA_CA_CERTS|SSL_CERT_(FILE|DIR))$/i

/** The files that a clone of the present state would have. */
async function copyTree(to: string): Promise<void> {
  const { stdout } = await promisify(execFile)('git', ['-C', ROOT, 'ls-files', '-co', '--exclude-standard', '-z'], {
    maxBuffer: 64 * 1024 * 1024,
  })
  for (const path of stdout.split('\0').filter(Boolean)) {
    mkdirSync(dirname(join(to, path)), { recursive: true })
    copyFileSync(join(ROOT, path), join(to, path))
  }
  execFileSync('git', ['init', '-q', to])
}

it(
  'a stranger’s clone on a machine without dependencies brings up two healthy agents with one command',
  async () => {
    await using home = await tempHome({ ownTmuxDirectory: true })
    const clone = join(home.root, 'a clone')
    mkdirSync(clone)
    await copyTree(clone)
    expect(readdirSync(clone)).not.toContain('node_modules')
    expect(readdirSync(clone)).not.toContain('dist')

    const network = Object.entries(process.env).filter(([key]) => NETWORK.test(key)) as [string, string][]
    const env = { ...Object.fromEntries(network), PATH: SYSTEM_PATH, HOME: home.home, LANG: 'C.UTF-8', TMUX_TMPDIR: home.root }
    const mosaic = (...args: string[]) => runProgram('./mosaic', args, { cwd: clone, env })

    const up = await mosaic('fleet', 'up')
    expect(up.status, up.stderr).toBe(0)
    expect(up.stdout).toMatch(/^NAME .*\norchestrator .* healthy .*\nenhancer .* healthy /)
    expect(up.stderr).toMatch(/^mosaic: installing dependencies.*\nmosaic: building \.\.\.\n/m)

    const again = await mosaic('fleet', 'up')
    expect(again).toMatchObject({ status: 0, stdout: expect.stringContaining('The fleet is up already; nothing was changed.') })
    // Nothing is installed or built; only what takes long may say so.
    expect(again.stderr).not.toMatch(/^mosaic:/m)
    const ps = await mosaic('fleet', 'ps', '--json')
    const { agents, socket_name } = JSON.parse(ps.stdout) as FleetSnapshot
    expect(agents.map(({ name, health }) => `${name} ${health}`)).toEqual(['orchestrator healthy', 'enhancer healthy'])
    expect(socket_name).toBe('mosaic-fleet')
    const sent = await mosaic('agent', 'send', 'orchestrator', '--message', 'good morning', '--verify')
    expect(sent).toMatchObject({ status: 0, stdout: expect.stringMatching(/^accepted by orchestrator .*stub:accepted/) })

    expect((await mosaic('fleet', 'stop')).status).toBe(0)
    expect(home.leftovers()).toEqual({ processes: [], sockets: [] })
  },
  INSTALL_WITHIN_MS,
)
