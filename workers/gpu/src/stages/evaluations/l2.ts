import { l2 } from '@gauntlet/attacks'
import { underAttack } from './under-attack.ts'

export const l2Evaluation = underAttack(l2)
