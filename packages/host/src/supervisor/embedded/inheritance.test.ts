import type { PaneState } from '@mosaic/domain/ports/session-host'
import { describe, expect, it } from 'vitest'
import { inheritedLives } from './inheritance.ts'
import { markOf } from './mark.ts'
import type { AgentRecordOnDisk, SupervisorRecord } from './record.ts'

const HOME = '/home/a/fleet'

const kept = (more: Partial<AgentRecordOnDisk> = {}): AgentRecordOnDisk => ({
  ...{ wanted: true, failed: false, launchId: 'launch-1', launchedAs: null, deathsMs: [], lastExit: null, resumes: true },
  ...more,
})

const pane = (session: string, mark: string, alive = true) => ({ session, mark, alive }) as PaneState

function inherited(agents: SupervisorRecord['agents'], panes: readonly PaneState[] = []) {
  const lives = inheritedLives({ record: { version: 1, agents }, names: ['orchestrator', 'coder0'], panes, home: HOME })
  return Object.fromEntries(lives.map(({ name, wanted, launchId }) => [name, { wanted, launchId }]))
}

const FRESH = { wanted: false, launchId: null }

describe('what a supervisor takes over', () => {
  it('is one life per agent in the roster, as it was recorded', () => {
    expect(inherited({ coder0: kept() })).toEqual({ orchestrator: FRESH, coder0: { wanted: true, launchId: 'launch-1' } })
  })

  it('holds also agents that the roster does not name any more, as long as something of a launch may be left', () => {
    expect(inherited({ gone: kept(), ended: kept({ launchId: null }), '../x': kept() })).toEqual({
      ...{ orchestrator: FRESH, coder0: FRESH },
      gone: { wanted: true, launchId: 'launch-1' },
    })
  })

  it('holds what the marks on sessions prove where the record was lost', () => {
    const panes = [pane('coder0', markOf(HOME, 'launch-7')), pane('orchestrator', markOf('/home/b/fleet', 'launch-8'))]
    expect(inherited({}, panes)).toEqual({ orchestrator: FRESH, coder0: { wanted: true, launchId: 'launch-7' } })
    expect(inherited({}, [pane('coder0', ''), pane('orchestrator', markOf(HOME, 'x'), false)])).toEqual({
      orchestrator: FRESH,
      coder0: FRESH,
    })
  })

  it('believes the record where there is one', () => {
    const panes = [pane('coder0', markOf(HOME, 'launch-7'))]
    expect(inherited({ coder0: kept({ wanted: false }) }, panes)['coder0']).toEqual({ wanted: false, launchId: 'launch-1' })
  })
})
