import type { Tensor } from '../tf.ts'
import {
  int32Scalar,
  neededNodes,
  outputOf,
  type GraphFunction,
  type GraphNode,
  type Reference,
  type TensorType,
} from '../graphs/graph.ts'
import { peakBytes } from '../graphs/peak-memory.ts'
import type { NamedTensors, Program } from '../sessions/program.ts'
import { Recording, requireSameType, type ProgramRecording } from '../recording/recording.ts'
import { CaptureRefused } from '../recording/refusals.ts'
import { stateAssignments } from './state-assignments.ts'
import { doneAttributes, type StateNodes } from '../sessions/state-nodes.ts'
import { tensorTypeOf } from '../recording/symbolic-tensors.ts'
import { leavesOf, tensorsOf, type TensorTree } from '../sessions/tensor-tree.ts'

/** The result of a program's code, without the type of its state, which nests too deeply for TypeScript to compare. */
export interface ErasedResult<Outputs> {
  readonly outputs: Outputs
  readonly state?: TensorTree
}

/** The recording of one program, and the nodes by which it exchanges data with its surroundings. */
export class ProgramScope {
  readonly root: Recording
  private readonly functions: GraphFunction[] = []
  private readonly reads = new Map<number, GraphNode>()
  private limit: GraphNode | undefined

  constructor(
    private readonly name: string,
    private readonly stateNodes: StateNodes,
    state: readonly Tensor[],
  ) {
    const indices = new Map(state.map((tensor, i) => [tensor.dataId as object, i]))
    const program: ProgramRecording = {
      name,
      functions: this.functions,
      inner: new WeakSet(),
      resolve: ({ dataId }) => {
        const index = indices.get(dataId)
        return index === undefined ? undefined : outputOf(this.read(index))
      },
      iterationLimit: () => (this.limit ??= this.limitNode()),
      count: 0,
    }
    this.root = new Recording(program)
  }

  placeholder(input: string, tensor: Tensor, index: number): Program['inputs'][number] & { node: GraphNode } {
    const type = tensorTypeOf(tensor)
    const node = this.addPlaceholder(`${this.name}/input_${index}`, type)
    this.root.bind(tensor, outputOf(node))
    return { name: input, placeholder: node.name, type, node }
  }

  finish<Inputs extends NamedTensors, Outputs extends TensorTree>(
    placeholders: readonly (Program['inputs'][number] & { node: GraphNode })[],
    result: ErasedResult<Outputs>,
  ): Program<Inputs, Outputs> {
    const outputs = tensorsOf(result.outputs).map((tensor, i) =>
      this.identity(`${this.name}/output_${i}`, this.root.reference(tensor)),
    )
    const assignments = this.assignments(result.state)
    const done = assignments.length > 0 ? this.done(assignments) : undefined
    const nodes = neededNodes(this.root.nodes, [
      ...placeholders.map(({ node }) => node),
      ...outputs,
      ...(done ? [done] : []),
    ])
    return {
      name: this.name,
      inputs: placeholders.map(({ name, placeholder, type }) => ({ name, placeholder, type })),
      outputs: { shape: result.outputs, fetched: outputs.map((node) => node.name) },
      done: done?.name,
      iterationLimit: this.limit && nodes.includes(this.limit) ? this.limit.name : undefined,
      nodes,
      functions: this.functions,
      peakBytes: peakBytes(
        nodes,
        this.functions,
        this.stateNodes.variables.map(({ type }) => type),
      ),
    }
  }

  /** The value of a state variable at the beginning of the program. */
  private read(index: number): GraphNode {
    const known = this.reads.get(index)
    if (known) return known
    const { handle, type } = this.stateNodes.variables[index]!
    const attributes = { dtype: { type: type.dataType } }
    const node = this.root.add('ReadVariableOp', [outputOf(handle)], attributes, [type], { fixed: false })
    this.reads.set(index, node)
    return node
  }

  /** The nodes that assign the returned state. */
  private assignments(state: TensorTree | undefined): GraphNode[] {
    if (!state) return []
    const updates = leavesOf(state).map(([path, tensor]) => {
      const index = this.stateNodes.variables.findIndex((variable) => variable.path === path)
      const variable = this.stateNodes.variables[index]
      if (!variable) {
        throw new CaptureRefused(
          `${this.name} returns state ${path}, which was not declared; declare it with a first value.`,
        )
      }
      requireSameType(`the state ${path}`, variable.type, tensorTypeOf(tensor))
      return { index, variable, value: this.root.reference(tensor) }
    })
    const withReads = updates.map(({ index, ...update }) => ({ ...update, read: this.reads.get(index) }))
    return stateAssignments(this.root, withReads)
  }

  private identity(name: string, value: Reference): GraphNode {
    const type = value.node.outputs[value.output]!
    return this.root.add('Identity', [value], { T: { type: type.dataType } }, [type], { name })
  }

  private done(controls: GraphNode[]): GraphNode {
    return this.root.add('Const', [], doneAttributes, [int32Scalar], {
      name: `${this.name}/done`,
      controls,
      fixed: false,
    })
  }

  private addPlaceholder(name: string, type: TensorType): GraphNode {
    const attributes = { dtype: { type: type.dataType }, shape: { shape: type.shape } }
    return this.root.add('Placeholder', [], attributes, [type], { name, fixed: false })
  }

  private limitNode(): GraphNode {
    return this.addPlaceholder(`${this.name}/iteration_limit`, int32Scalar)
  }
}
