/** Options that several verbs about accounts have. */

import type { AccountRuntime } from '@mosaic/domain/account'
import { Option } from 'commander'

/** Written down here as well so that `--help` loads no schema; a test keeps both equal. */
export const ACCOUNT_RUNTIME_CHOICES = ['claude', 'codex', 'opencode', 'pi'] as const satisfies readonly AccountRuntime[]

export const accountRuntimeOption = (description: string): Option =>
  new Option('-r, --runtime <runtime>', description).choices(ACCOUNT_RUNTIME_CHOICES)
