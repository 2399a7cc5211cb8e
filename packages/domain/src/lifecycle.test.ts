import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  DEFAULT_RESTART_POLICY,
  exceedsIntensity,
  LIFE_ACTIONS,
  LIFE_EVENTS,
  LIFE_STATES,
  LIFE_TABLE,
  type LifeEvent,
  type LifeState,
  nextLife,
  restartDelayMs,
} from './lifecycle.ts'

/** States that `events` can reach from `from`, `from` included. */
function reach(from: LifeState, events: readonly LifeEvent[]): Set<LifeState> {
  const seen = new Set<LifeState>([from])
  for (const state of seen) for (const event of events) seen.add(nextLife(state, event).to)
  return seen
}

const OPERATOR: readonly LifeEvent[] = ['want_up', 'want_down']
const WORLD = LIFE_EVENTS.filter((event) => !OPERATOR.includes(event))

describe('the table of lives', () => {
  test('answers every event in every state with a known state and a known action', () => {
    for (const state of LIFE_STATES) {
      expect(Object.keys(LIFE_TABLE[state]).sort()).toEqual([...LIFE_EVENTS].sort())
      for (const event of LIFE_EVENTS) {
        const { to, do: action } = nextLife(state, event)
        expect(LIFE_STATES).toContain(to)
        expect(LIFE_ACTIONS).toContain(action)
      }
    }
    expect(Object.keys(LIFE_TABLE).sort()).toEqual([...LIFE_STATES].sort())
  })

  test('reaches every state from every state', () => {
    for (const state of LIFE_STATES) expect([...reach(state, LIFE_EVENTS)].sort()).toEqual([...LIFE_STATES].sort())
  })

  test('lets an agent that is wanted come up again without the operator, except after it was given up', () => {
    // `down` and `stopping` are left by the supervisor, which says want_up for as long as the agent is wanted.
    for (const state of LIFE_STATES) {
      if (state === 'failed') continue
      expect(reach(state, [...WORLD, 'want_up'])).toContain('up')
    }
    expect(reach('backoff', ['retry_due', 'launched'])).toContain('up')
    expect(
      reach(
        'failed',
        WORLD.filter((event) => event !== 'launched'),
      ),
    ).toEqual(new Set(['failed']))
    expect(nextLife('failed', 'want_up')).toEqual({ to: 'starting', do: 'launch' })
  })

  test('launches only where nothing runs, so that no agent ever runs twice', () => {
    for (const state of LIFE_STATES) {
      for (const event of LIFE_EVENTS) {
        if (nextLife(state, event).do === 'launch') expect(['down', 'backoff', 'failed']).toContain(state)
      }
    }
  })

  test('ends what is found alive although it is not wanted', () => {
    expect(nextLife('down', 'launched')).toEqual({ to: 'stopping', do: 'kill' })
    expect(nextLife('stopping', 'launched')).toEqual({ to: 'stopping', do: 'kill' })
  })

  test('is idempotent for the operator: the same wish twice launches and kills once', () => {
    for (const state of LIFE_STATES) {
      for (const wish of OPERATOR) expect(nextLife(nextLife(state, wish).to, wish).do).toBe('none')
    }
  })

  test('never goes up on the word that something ended', () => {
    for (const state of LIFE_STATES) {
      expect(nextLife(state, 'died').to).not.toMatch(/^(up|starting)$/)
      expect(nextLife(state, 'want_down').to).toMatch(/^(down|stopping)$/)
    }
  })

  test('reports a crash loop exactly when it gives up', () => {
    for (const state of LIFE_STATES) {
      for (const event of LIFE_EVENTS) {
        const { to, do: action } = nextLife(state, event)
        expect(action === 'report_failed').toBe(to === 'failed' && state !== 'failed')
      }
    }
  })
})

describe('the pace of restarts', () => {
  const policy = DEFAULT_RESTART_POLICY

  test('grows from the first delay to the largest and never beyond', () => {
    expect(restartDelayMs(policy, 1)).toBe(policy.firstDelayMs)
    expect(restartDelayMs(policy, 2)).toBe(policy.firstDelayMs * policy.factor)
    expect(restartDelayMs(policy, 0)).toBe(policy.firstDelayMs)
    expect(restartDelayMs(policy, 100_000)).toBe(policy.maxDelayMs)
    fc.assert(fc.property(fc.nat(2000), (count) => restartDelayMs(policy, count) <= restartDelayMs(policy, count + 1)))
  })

  test('bears as many deaths within the window as the policy says, and not one more', () => {
    const deaths = Array.from({ length: policy.maxRestarts }, (_, index) => index)
    expect(exceedsIntensity(policy, deaths, policy.maxRestarts)).toBe(false)
    expect(exceedsIntensity(policy, [...deaths, policy.maxRestarts], policy.maxRestarts)).toBe(true)
  })

  test('forgets deaths that are a window old', () => {
    const deaths = Array.from({ length: 50 }, () => 0)
    expect(exceedsIntensity(policy, deaths, policy.windowMs)).toBe(false)
    expect(exceedsIntensity(policy, deaths, policy.windowMs - 1)).toBe(true)
    expect(exceedsIntensity(policy, [], 0)).toBe(false)
  })
})
