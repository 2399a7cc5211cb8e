import { claude } from './operator-world.ts'
import { runtimeJourney } from './runtime-journey.ts'

runtimeJourney({
  runtime: claude,
  called: 'Claude Code',
  model: /claude-opus/,
  old: '2.0.14 (Claude Code)',
  install: 'npm install --global @anthropic-ai/claude-code',
  login: 'claude auth login',
})
