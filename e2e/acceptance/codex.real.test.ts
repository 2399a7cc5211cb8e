import { killedInMidTurn } from './killed.ts'
import { acceptanceOf } from './reduced.ts'

acceptanceOf('codex')
killedInMidTurn('codex')
