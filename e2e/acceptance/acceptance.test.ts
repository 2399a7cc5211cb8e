import { acceptanceOf } from './reduced.ts'

acceptanceOf('pi')
