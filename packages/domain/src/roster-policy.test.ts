import { describe, expect, test } from 'vitest'
import type { AgentEntry, Roster } from './roster.ts'
import { editProblem, removalProblem } from './roster-policy.ts'

const rosterOf = (...agents: AgentEntry[]): Roster => ({ version: 1, defaults: { runtime: 'stub' }, agents })
const floor = rosterOf({ name: 'orchestrator' }, { name: 'enhancer' }, { name: 'coder0' })

describe('removal', () => {
  test('is refused for the orchestrator, however it is named', () => {
    expect(removalProblem(floor, 'orchestrator')).toMatch(/orchestrator/)
    expect(removalProblem(rosterOf({ name: 'boss', class: 'orchestrator' }, { name: 'enhancer' }), 'boss')).toMatch(
      /boss is the fleet's orchestrator/,
    )
  })

  test('is refused for the last enhancer, and for that one only', () => {
    expect(removalProblem(floor, 'enhancer')).toMatch(/last enhancer/)
    const two = rosterOf({ name: 'orchestrator' }, { name: 'enhancer0' }, { name: 'watcher', class: 'enhancer' })
    expect(removalProblem(two, 'enhancer0')).toBeUndefined()
    expect(removalProblem(two, 'watcher')).toBeUndefined()
  })

  test('is free for workers and for who is not there', () => {
    expect(removalProblem(floor, 'coder0')).toBeUndefined()
    expect(removalProblem(floor, 'nobody')).toBeUndefined()
  })

  test('goes by the class and not by the name', () => {
    const misnamed = rosterOf({ name: 'orchestrator', class: 'coder' }, { name: 'enhancer' }, { name: 'x', class: 'orchestrator' })
    expect(removalProblem(misnamed, 'orchestrator')).toBeUndefined()
  })

  test('is free in a fleet that never had a floor', () => {
    expect(removalProblem(rosterOf({ name: 'worker0' }), 'worker0')).toBeUndefined()
  })
})

describe('a change', () => {
  test('that takes the role away is refused as a removal is', () => {
    expect(editProblem(floor, 'orchestrator', { class: 'coder' })).toMatch(/orchestrator/)
    expect(editProblem(floor, 'enhancer', { class: 'worker' })).toMatch(/last enhancer/)
    expect(editProblem(floor, 'orchestrator', { name: 'boss' })).toMatch(/orchestrator/)
    expect(editProblem(rosterOf({ name: 'boss', class: 'orchestrator' }), 'boss', { class: null })).toMatch(/orchestrator/)
  })

  test('that leaves the role is free', () => {
    expect(editProblem(floor, 'orchestrator', {})).toBeUndefined()
    expect(editProblem(floor, 'orchestrator', { name: 'boss', class: 'orchestrator' })).toBeUndefined()
    expect(editProblem(floor, 'coder0', { class: 'documenter' })).toBeUndefined()
    expect(editProblem(floor, 'nobody', { class: 'coder' })).toBeUndefined()
  })
})
