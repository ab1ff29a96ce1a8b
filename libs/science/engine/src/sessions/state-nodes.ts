import type { Tensor } from '../tf.ts'
import { DataType, int32Scalar, int32Value, outputOf, type GraphNode, type TensorType } from '../graphs/graph.ts'
import { tensorTypeOf } from '../recording/symbolic-tensors.ts'
import { leavesOf, type TensorTree } from './tensor-tree.ts'

/** One tensor of the state, and the nodes by which every program accesses it. */
export interface StateVariable {
  readonly path: string
  readonly type: TensorType
  readonly handle: GraphNode
  /** The placeholder for a new value. Fetching `isSet` assigns it. */
  readonly given: GraphNode
  readonly isSet: GraphNode
  /** The node to fetch for the value. */
  readonly value: GraphNode
}

/**
 * The variables of a session. They are resources of the graph, so that their values stay on the device between runs.
 */
export class StateNodes {
  readonly nodes: GraphNode[] = []
  readonly variables: readonly StateVariable[]

  constructor(state: TensorTree) {
    this.variables = leavesOf(state).map(([path, tensor], index) => this.declare(path, tensor, index))
  }

  private declare(path: string, tensor: Tensor, index: number): StateVariable {
    const type = tensorTypeOf(tensor)
    const scope = `state/${index}`
    const handleType = { dataType: DataType.resource, shape: [] }
    const handle = this.add(`${scope}/handle`, 'VarHandleOp', [], [handleType], {
      dtype: { type: type.dataType },
      shape: { shape: type.shape },
      shared_name: { text: scope },
    })
    const given = this.add(`${scope}/given`, 'Placeholder', [], [type], {
      dtype: { type: type.dataType },
      shape: { shape: type.shape },
    })
    const copy = this.add(`${scope}/copy`, 'DeepCopy', [given], [type], { T: { type: type.dataType } })
    const set = this.add(`${scope}/set`, 'AssignVariableOp', [handle, copy], [], { dtype: { type: type.dataType } })
    const isSet = this.add(`${scope}/is_set`, 'Const', [], [int32Scalar], doneAttributes, [set])
    const value = this.add(`${scope}/value`, 'ReadVariableOp', [handle], [type], { dtype: { type: type.dataType } })
    return { path, type, handle, given, isSet, value }
  }

  private add(
    name: string,
    operator: string,
    inputs: GraphNode[],
    outputs: TensorType[],
    attributes: GraphNode['attributes'],
    controls: GraphNode[] = [],
  ): GraphNode {
    const node = { name, operator, inputs: inputs.map(outputOf), controls, attributes, outputs, fixed: false }
    this.nodes.push(node)
    return node
  }
}

/**
 * Attributes of the constant that is fetched so that its control dependencies run: the binding runs only what is
 * fetched.
 */
export const doneAttributes: GraphNode['attributes'] = {
  dtype: { type: DataType.int32 },
  value: { constant: int32Value([0], []) },
}
