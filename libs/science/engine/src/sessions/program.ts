import type { Tensor } from '../tf.ts'
import type { GraphFunction, GraphNode, TensorType } from '../graphs/graph.ts'
import type { Values } from './spilled-tensors.ts'
import type { TensorTree } from './tensor-tree.ts'

export type NamedTensors = { readonly [name: string]: Tensor }

/** Some of the tensors of a tree, under the same names. */
export type PartOf<Tree> = Tree extends Tensor ? Tree : { readonly [Name in keyof Tree]?: PartOf<Tree[Name]> }

/** The result of one run of a program: its outputs, and the new values of the state that it changes. */
export interface ProgramResult<State extends TensorTree, Outputs extends TensorTree> {
  readonly outputs: Outputs
  readonly state?: PartOf<State>
}

/** The code of a program, in tfjs. It reads inputs and state as tensors, and changes neither. */
export type ProgramFunction<State extends TensorTree, Inputs extends NamedTensors, Outputs extends TensorTree> = (
  inputs: Inputs,
  state: State,
) => ProgramResult<State, Outputs>

/** A captured program, as a session runs it. */
export interface Program<Inputs extends NamedTensors = NamedTensors, Outputs extends TensorTree = TensorTree> {
  readonly name: string
  readonly inputs: readonly { readonly name: string; readonly placeholder: string; readonly type: TensorType }[]
  /** The structure of the outputs, whose tensors hold no data, and the names of the nodes to fetch. */
  readonly outputs: { readonly shape: Outputs; readonly fetched: readonly string[] }
  /** The node to fetch so that the state is assigned; undefined where the program changes none. */
  readonly done: string | undefined
  /** The placeholder that bounds the iterations of every loop. Only the check bounds them. */
  readonly iterationLimit: string | undefined
  readonly nodes: readonly GraphNode[]
  readonly functions: readonly GraphFunction[]
  /** The most bytes of tensors that are live at once in the recorded order, state and inputs included (`peakBytes`). */
  readonly peakBytes: number
  /** Carries the type of the inputs for the compiler. It is never set. */
  readonly takes?: Inputs
}

/** The results of the eager run, for the check of the first replay. */
export interface EagerRun {
  readonly inputs: NamedTensors
  readonly outputs: readonly { readonly path: string; readonly tensor: Tensor }[]
  /** The new values, by the path of the state. */
  readonly state: ReadonlyMap<string, Values>
  /** Frees outputs and state. */
  dispose(): void
}
