import { killedInMidTurn } from './killed.ts'
import { acceptanceOf } from './reduced.ts'

acceptanceOf('claude')
killedInMidTurn('claude')
