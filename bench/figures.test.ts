import { describe, expect, it } from 'vitest'
import { forksIn } from './child-count.ts'
import { type Measured, ratioOf, tableOf, verdictOf } from './figures.ts'

const FIGURE: Measured = { what: 'ours', unit: 'ms', value: 30, baseline: { what: 'bare', value: 20 } }

describe('a figure', () => {
  it('is judged by its ratio to the baseline, either way round, or by itself', () => {
    expect(verdictOf(FIGURE)).toBe('')
    expect(verdictOf({ ...FIGURE, goal: { of: 'ratio', atMost: 1.5 } })).toBe('pass')
    expect(verdictOf({ ...FIGURE, goal: { of: 'ratio', atMost: 1.4 } })).toBe('MISS')
    expect(verdictOf({ ...FIGURE, goal: { of: 'value', atMost: 30 } })).toBe('pass')
    const faster: Measured = { ...FIGURE, value: 2, ratioIs: 'times faster', goal: { of: 'ratio', atLeast: 10 } }
    expect(ratioOf(faster)).toBe(10)
    expect(verdictOf(faster)).toBe('pass')
    expect(verdictOf({ ...faster, value: 2.1 })).toBe('MISS')
  })

  it('that is no number passes no goal', () => {
    expect(verdictOf({ ...FIGURE, value: Number.NaN, goal: { of: 'ratio', atMost: 2 } })).toBe('MISS')
  })

  it('stands in the table with its baseline, ratio, goal and verdict, or with the reason why it could not be measured', () => {
    const table = tableOf([
      { ...FIGURE, goal: { of: 'ratio', atMost: 1.4 } },
      { what: 'theirs', notMeasured: 'nobody knows how' },
    ])
    expect(table.split('\n').slice(1)).toEqual([
      'ours           30 ms  bare              20 ms  1.50x  at most 1.4x  MISS',
      'theirs  not measured  nobody knows how',
    ])
  })
})

describe('processes that strace saw', () => {
  it('are counted once each, whole or interrupted, and threads are none', () => {
    const trace = `10 clone3({flags=CLONE_VM|CLONE_FS|CLONE_THREAD|CLONE_SYSVSEM, exit_signal=0} => {parent_tid=[11]}, 88) = 11
10 clone(child_stack=NULL, flags=CLONE_VM|CLONE_VFORK|SIGCHLD <unfinished ...>
11 vfork( <unfinished ...>
10 <... clone resumed>)                    = 12
11 <... vfork resumed>)                    = 13
13 fork()                                  = 14
14 +++ exited with 0 +++
`
    expect(forksIn(trace)).toBe(3)
  })
})
