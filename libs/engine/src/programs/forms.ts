import type { Graph } from './graph.ts'

/** A way of compiling the same programs. */
export interface Form {
  readonly name: string
  /** How far a tensor of the first replay may be from the eager one: relative error in the Euclidean norm. */
  readonly tolerance: number
  rewrite(graph: Graph): Graph
}

/** The recorded operators as they are; TensorFlow's graph optimiser fuses some. */
export const plain: Form = { name: 'plain', tolerance: 1e-5, rewrite: (graph) => graph }
