import { opencode } from './operator-world.ts'
import { runtimeJourney } from './runtime-journey.ts'

runtimeJourney({ runtime: opencode, called: 'OpenCode', model: /fake-model/, old: '1.2.3', install: 'npm install -g opencode-ai@latest' })
