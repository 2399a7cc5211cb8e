import { killedInMidTurn } from './killed.ts'

killedInMidTurn('pi')
