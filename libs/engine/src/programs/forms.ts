import type { Graph } from './graph.ts'

/** A way of compiling the same programs. */
export interface Form {
  readonly name: string
  /** How far a tensor of the first replay may be from the eager one, by `agreementOf`. */
  readonly tolerance: number
  /** The relative error that the form makes anywhere: what eager code makes of such an error in its inputs is allowed too. */
  readonly rounding: number
  rewrite(graph: Graph): Graph
}

/** The recorded operators as they are; TensorFlow's graph optimiser fuses some. */
export const plain: Form = { name: 'plain', tolerance: 1e-5, rounding: 1e-6, rewrite: (graph) => graph }
