/** Writes what became of every test to the file that `TEST_TOTALS_FILE` names, for `scripts/test.ts`. */

import { writeFileSync } from 'node:fs'
import type { Reporter, TestModule, TestSuite, Vitest } from 'vitest/node'

export interface Totals {
  passed: number
  /** Tests, hooks, files and stray errors that failed. */
  failed: number
  skipped: readonly { name: string; reason: string }[]
  /** Skipped without saying why: counted as failed. */
  silent: readonly string[]
}

type Errors = readonly unknown[]

/** Failures outside of a test: of a file while it loaded, of a suite's hooks. */
function failuresOutside(modules: readonly TestModule[]): number {
  const holders: (TestModule | TestSuite)[] = modules.flatMap((module) => [module, ...module.children.allSuites()])
  return holders.filter((holder) => holder.errors().length > 0).length
}

export function totalsOf(modules: readonly TestModule[], strayErrors: Errors, filteredByName: boolean): Totals {
  let passed = 0
  let failed = failuresOutside(modules) + strayErrors.length
  // A test whose file or suite failed did not run for that reason.
  const explained = failed > 0 || filteredByName
  const skipped: { name: string; reason: string }[] = []
  const silent: string[] = []
  for (const test of modules.flatMap((module) => [...module.children.allTests()])) {
    const result = test.result()
    const name = `${test.module.relativeModuleId} > ${test.fullName}`
    if (result.state === 'passed') passed += 1
    else if (result.state === 'failed') failed += 1
    else if (result.state === 'skipped' && result.note !== undefined) skipped.push({ name, reason: result.note })
    else if (!explained) silent.push(name)
  }
  return { passed, failed: failed + silent.length, skipped, silent }
}

export default class TotalsReporter implements Reporter {
  #filteredByName = false

  onInit(vitest: Vitest): void {
    this.#filteredByName = vitest.config.testNamePattern !== undefined
  }

  onTestRunEnd(modules: readonly TestModule[], strayErrors: Errors): void {
    const file = process.env['TEST_TOTALS_FILE']
    if (file !== undefined) writeFileSync(file, JSON.stringify(totalsOf(modules, strayErrors, this.#filteredByName)))
  }
}
