import { codex } from './operator-world.ts'
import { runtimeJourney } from './runtime-journey.ts'

runtimeJourney({
  runtime: codex,
  called: 'codex',
  model: /fake-model/,
  old: 'codex-cli 0.98.1',
  install: 'npm install --global @openai/codex',
  login: 'codex login',
})
