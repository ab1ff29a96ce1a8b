import { l1 } from '@gauntlet/attacks'
import { underAttack } from './under-attack.ts'

export const l1Evaluation = underAttack(l1)
