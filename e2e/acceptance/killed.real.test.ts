import { killedInMidTurn } from './killed.ts'

for (const runtime of ['claude', 'codex', 'opencode'] as const) killedInMidTurn(runtime)
