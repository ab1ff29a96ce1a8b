import type { Tensor } from '../tf.ts'
import type { GraphFunction, GraphNode, TensorType } from './graph.ts'
import type { Values } from './spilled-tensors.ts'
import type { TensorTree } from './tensor-tree.ts'

export type NamedTensors = { readonly [name: string]: Tensor }

/** Some of the tensors of a tree, under the same names. */
export type PartOf<Tree> = Tree extends Tensor ? Tree : { readonly [Name in keyof Tree]?: PartOf<Tree[Name]> }

/** What one run of a program gives: outputs, and the new values of the state it changes. */
export interface ProgramResult<State extends TensorTree, Outputs extends TensorTree> {
  readonly outputs: Outputs
  readonly state?: PartOf<State>
}

/** Plain code of tfjs. It reads inputs and state as tensors and changes neither. */
export type ProgramFunction<State extends TensorTree, Inputs extends NamedTensors, Outputs extends TensorTree> = (
  inputs: Inputs,
  state: State,
) => ProgramResult<State, Outputs>

/** A captured program: what a session needs to run it. Sizes are of this program alone. */
export interface Program<Inputs extends NamedTensors = NamedTensors, Outputs extends TensorTree = TensorTree> {
  readonly name: string
  readonly inputs: readonly { readonly name: string; readonly placeholder: string; readonly type: TensorType }[]
  /** The outputs' structure. Its tensors hold no data. */
  readonly outputs: { readonly shape: Outputs; readonly fetched: readonly string[] }
  /** Fetched to have the state assigned, where the program changes any. */
  readonly done: string | undefined
  /** Feeding it bounds the iterations of every loop; only the check does. */
  readonly iterationLimit: string | undefined
  readonly nodes: readonly GraphNode[]
  readonly functions: readonly GraphFunction[]
  /**
   * Bytes of tensors that are alive together at most, state and inputs included, by the recorded order (`peakBytes`).
   */
  readonly peakBytes: number
  /** Names the type of the inputs for the compiler; never set. */
  readonly takes?: Inputs
}

/** What the eager run gave, for the check of the first replay. */
export interface EagerRun {
  readonly inputs: NamedTensors
  readonly outputs: readonly { readonly path: string; readonly tensor: Tensor }[]
  /** The new values by the path of the state. */
  readonly state: ReadonlyMap<string, Values>
  /** Frees outputs and state. */
  dispose(): void
}
