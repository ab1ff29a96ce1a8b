import { linf } from '@gauntlet/attacks'
import { underAttack } from './under-attack.ts'

export const linfEvaluation = underAttack(linf)
