import { expect, test } from 'vitest'
import { type Accounts, AccountsSchema, accountIssues } from './account.ts'
import { RosterSchema } from './roster.ts'
import { checkDocument } from './roster-check.ts'

const ACCOUNTS: Accounts = { work: { runtime: 'claude', directory: '/h/work' }, spare: { runtime: 'codex', directory: '/h/spare' } }
const roster = (...agents: object[]) => RosterSchema.parse({ version: 1, defaults: { runtime: 'claude' }, agents })
const issuesOf = (...agents: object[]) => accountIssues(roster(...agents), ACCOUNTS)

test('an agent may use an account of its runtime, or none', () => {
  expect(issuesOf({ name: 'a' }, { name: 'b', account: 'work' }, { name: 'c', runtime: 'codex', account: 'spare' })).toEqual([])
})

test('an account that there is not is refused with what adds it, or with the one that was probably meant', () => {
  expect(issuesOf({ name: 'a', account: 'private' })).toEqual([
    {
      path: ['agents', 0, 'account'],
      expected: 'an account of claude',
      found: '"private"',
      mend: 'mosaic account add private --runtime claude',
    },
  ])
  expect(issuesOf({ name: 'a', account: 'wrok' })).toMatchObject([{ mend: 'did you mean work?' }])
  expect(issuesOf({ name: 'a', runtime: 'stub', account: 'x' })).toMatchObject([{ mend: 'remove this key' }])
})

test('an account of another runtime is refused', () => {
  expect(issuesOf({ name: 'a' }, { name: 'b', account: 'spare' })).toMatchObject([
    { path: ['agents', 1, 'account'], expected: 'an account of claude', found: '"spare", which is one of codex' },
  ])
})

test.each([
  [{ version: 1, accounts: { w: { runtime: 'stub', directory: '/x' } } }, ['accounts', 'w', 'runtime']],
  [{ version: 1, accounts: { w: { runtime: 'pi', directory: 'x' } } }, ['accounts', 'w', 'directory']],
  [{ version: 1, accounts: { 'a.b': { runtime: 'pi', directory: '/x' } } }, ['accounts', 'a.b']],
  [{ version: 1, accounts: { w: { runtime: 'pi', directory: '/x', token: 's' } } }, ['accounts', 'w', 'token']],
  [
    { version: 1, accounts: { v: { runtime: 'pi', directory: '/x' }, w: { runtime: 'pi', directory: '/x/' } } },
    ['accounts', 'w', 'directory'],
  ],
])('the document %j is refused at %j', (value, path) => {
  const check = checkDocument(AccountsSchema, value)
  expect(check.ok ? [] : check.issues.map((issue) => issue.path)).toEqual([path])
})

test('names of accounts keep their spelling', () => {
  const value = { version: 1, accounts: { myWork: { runtime: 'pi', directory: '~/x' } } }
  expect(checkDocument(AccountsSchema, value)).toEqual({ ok: true, value })
})
