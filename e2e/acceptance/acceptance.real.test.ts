import { acceptanceOf } from './reduced.ts'

for (const runtime of ['claude', 'codex', 'opencode'] as const) acceptanceOf(runtime)
