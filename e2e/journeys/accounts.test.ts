import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { writePiHome } from '@mosaic/testkit/fake-llm/pi-home'
import { startFakeLlm } from '@mosaic/testkit/fake-llm/server'
import { describe, expect, it } from 'vitest'
import { FleetUnderTest, TWO_STUBS } from '../fleet-under-test.ts'
import { PersonTerminal } from './person-terminal.ts'

describe('an account', () => {
  it('is what its agents run with: its models, its conversations, and nothing of the operator’s own home', async () => {
    const llm = await startFakeLlm({ fallback: { text: 'the answer of the account' } })
    await using fleet = await FleetUnderTest.make({ ownTmuxDirectory: true })
    const { home, root, env } = fleet.home
    // A login that somebody has elsewhere.
    const { agentDirectory, env: quiet } = writePiHome(join(root, 'elsewhere'), llm.url)
    const { HOME: _home, ...ofPi } = quiet
    Object.assign(env, ofPi)
    await fleet.ok(['account', 'adopt', 'work', '--runtime', 'pi', '--directory', agentDirectory])
    fleet.writeRoster('agents:\n  - {name: orchestrator, runtime: pi, account: work}\n  - {name: enhancer, runtime: stub}\n')
    await fleet.ok(['fleet', 'up'])
    expect((await fleet.send('orchestrator', 'which account is this?')).receipt.state).toBe('accepted')
    const { userTexts } = await llm.waitForRequest(({ kind }) => kind === 'model')
    expect(userTexts.at(-1)).toContain('which account is this?')
    await fleet.agentThat('orchestrator', 'idle', ({ activity }) => activity === 'idle')
    expect(readdirSync(join(agentDirectory, 'sessions'))).not.toEqual([])
    expect(existsSync(join(home, '.pi'))).toBe(false)
    await fleet.ok(['fleet', 'stop'])
    await fleet.ok(['fleet', 'edit', 'orchestrator', '--runtime', 'stub', '--unset', 'account'])
    await fleet.ok(['account', 'remove', 'work'])
    expect(existsSync(join(agentDirectory, 'models.json'))).toBe(true)
    await llm.close()
  })
})

describe('fleet uninstall --purge', () => {
  it('removes the home of a running fleet only by its typed path', async () => {
    await using fleet = await FleetUnderTest.make({ roster: TWO_STUBS })
    await fleet.ok(['fleet', 'up'])
    const { mosaicHome } = fleet.home
    {
      await using terminal = await PersonTerminal.open(fleet, { columns: 160, rows: 50 })
      for (const [word, status] of [
        ['no', 1],
        [mosaicHome, 0],
      ] as const) {
        await terminal.start('clear; mosaic fleet uninstall --purge')
        await terminal.shows('To remove it for good, type the path')
        expect((await fleet.healthy('orchestrator')).health).toBe('healthy')
        await terminal.type(word)
        expect(await terminal.ended()).toBe(status)
        expect(existsSync(mosaicHome)).toBe(status === 1)
      }
    }
    expect(fleet.home.leftovers()).toEqual({ processes: [], sockets: [] })
  })
})
