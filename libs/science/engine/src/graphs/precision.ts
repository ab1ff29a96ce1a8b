import { InvalidInput } from '@gauntlet/study'
import process from 'node:process'
import type { Graph } from './graph.ts'
import { inBfloat16, inFloat16 } from './mixed-precision.ts'

export const precisionNames = ['float32', 'bfloat16', 'float16'] as const
export type PrecisionName = (typeof precisionNames)[number]

/**
 * The precision of the factors of products in programs. All else is float32, the master values of the state included.
 */
export interface Precision {
  readonly name: PrecisionName
  /** How far a tensor of a program's first run may be from that of eager code, as `agreementOf` measures it. */
  readonly tolerance: number
  /**
   * The relative error that it makes in any number. The deviation that such an error in the inputs causes is allowed.
   */
  readonly rounding: number
  rewrite(graph: Graph): Graph
}

/** The recorded operators as they are. */
export const float32: Precision = { name: 'float32', tolerance: 1e-5, rounding: 1e-6, rewrite: (graph) => graph }

/** Factors and results of matrix products and convolutions are rounded to bfloat16, which has eight bits. */
export const bfloat16: Precision = { name: 'bfloat16', tolerance: 5e-2, rounding: 2 ** -8, rewrite: inBfloat16 }

/**
 * Factors of products are rounded to float16, which has eleven bits, each tensor with a scale of its own. For GPUs
 * without bfloat16.
 */
export const float16: Precision = { name: 'float16', tolerance: 1e-2, rounding: 2 ** -11, rewrite: inFloat16 }

const all: readonly Precision[] = [float32, bfloat16, float16]

/** The environment variable that names the precision of a process. */
const precisionVariable = 'GAUNTLET_PRECISION'

/**
 * The precision in which this process runs its programs: float32 unless its environment names another, since another
 * gives other numbers. It is part of the environment class.
 */
export function processPrecision(variables: NodeJS.ProcessEnv = process.env): Precision {
  const wanted = variables[precisionVariable] ?? 'float32'
  const precision = all.find(({ name }) => name === wanted)
  if (precision) return precision
  throw new InvalidInput(`${precisionVariable} is ${JSON.stringify(wanted)}; give one of ${precisionNames.join(', ')}.`)
}
