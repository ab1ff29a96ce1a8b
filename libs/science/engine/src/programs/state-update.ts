import { outputOf, type GraphNode, type Reference } from '../graphs/graph.ts'
import type { StateVariable } from '../sessions/state-nodes.ts'

/** A new value of a state variable, and the node that reads the old value if the program reads it. */
export interface StateUpdate {
  readonly variable: StateVariable
  readonly read: GraphNode | undefined
  readonly value: Reference
}

/** How often the outputs of each node are read, by other nodes or as new state. */
export type Consumers = ReadonlyMap<GraphNode, number>

export function handleOf({ handle }: StateVariable): Reference {
  return outputOf(handle)
}
