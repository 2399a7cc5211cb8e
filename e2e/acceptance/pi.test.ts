import { killedInMidTurn } from './killed.ts'
import { acceptanceOf } from './reduced.ts'

acceptanceOf('pi')
killedInMidTurn('pi')
