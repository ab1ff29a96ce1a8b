/** Data types by their numbers in tensorflow/core/framework/types.proto. */
export const DataType = {
  float32: 1,
  float64: 2,
  int32: 3,
  uint8: 4,
  string: 7,
  complex64: 8,
  int64: 9,
  bool: 10,
  bfloat16: 14,
  float16: 19,
  resource: 20,
} as const

/** Bytes of one element. */
const elementBytes: Readonly<Record<number, number>> = {
  [DataType.float32]: 4,
  [DataType.float64]: 8,
  [DataType.int32]: 4,
  [DataType.uint8]: 1,
  [DataType.int64]: 8,
  [DataType.bool]: 1,
  [DataType.bfloat16]: 2,
  [DataType.float16]: 2,
  [DataType.resource]: 0,
}

/** A tensor's element type (a `DataType`) and its shape, all sizes of which are known. */
export interface TensorType {
  readonly dataType: number
  readonly shape: readonly number[]
}

export function bytesOf({ dataType, shape }: TensorType): number {
  return (elementBytes[dataType] ?? 0) * shape.reduce((product, size) => product * size, 1)
}

export function sameType(one: TensorType, other: TensorType): boolean {
  return (
    one.dataType === other.dataType &&
    one.shape.length === other.shape.length &&
    one.shape.every((d, i) => d === other.shape[i])
  )
}

/** The value of a constant. `content`: the bytes of its elements, or those of one element that all are equal to. */
export interface ConstantValue extends TensorType {
  readonly content: Uint8Array
}

/** An attribute of a node. The keys stand for the kinds of AttrValue (tensorflow/core/framework/attr_value.proto). */
export type Attribute =
  | { readonly text: string }
  | { readonly integer: number }
  | { readonly real: number }
  | { readonly truth: boolean }
  | { readonly type: number }
  | { readonly shape: readonly number[] }
  | { readonly constant: ConstantValue }
  | { readonly function: string }
  | { readonly integers: readonly number[] }
  | { readonly reals: readonly number[] }
  | { readonly truths: readonly boolean[] }
  | { readonly texts: readonly string[] }
  | { readonly types: readonly number[] }
  | { readonly shapes: readonly (readonly number[])[] }

/** A node: one operator of a graph. The operator `Argument` stands for an argument of a function. */
export interface GraphNode {
  readonly name: string
  readonly operator: string
  readonly inputs: Reference[]
  /** Control dependencies: nodes that must run before. */
  readonly controls: GraphNode[]
  readonly attributes: Record<string, Attribute>
  readonly outputs: readonly TensorType[]
  /** Whether the value is the same in every run, because it comes from constants only. */
  readonly fixed: boolean
}

/** One output of a node. */
export interface Reference {
  readonly node: GraphNode
  readonly output: number
}

/** A function of the graph's library: the body or the condition of a loop. */
export interface GraphFunction {
  readonly name: string
  readonly arguments: readonly GraphNode[]
  readonly nodes: readonly GraphNode[]
  readonly results: readonly Reference[]
}

/** The content of one SavedModel. */
export interface Graph {
  readonly nodes: readonly GraphNode[]
  readonly functions: readonly GraphFunction[]
}

export function typeOf({ node, output }: Reference): TensorType {
  return node.outputs[output]!
}

export function sameReference(one: Reference, other: Reference): boolean {
  return one.node === other.node && one.output === other.output
}

/** The first output of a node. */
export function outputOf(node: GraphNode): Reference {
  return { node, output: 0 }
}

export const int32Scalar: TensorType = { dataType: DataType.int32, shape: [] }

/** The value of an int32 constant, a vector unless `shape` is given. */
export function int32Value(values: readonly number[], shape: readonly number[] = [values.length]): ConstantValue {
  return { dataType: DataType.int32, shape, content: new Uint8Array(Int32Array.from(values).buffer) }
}

/** Whether an operator computes in float32. */
export function isFloat32({ attributes: { T } }: GraphNode): boolean {
  return T !== undefined && 'type' in T && T.type === DataType.float32
}

/** How often each node occurs in a list. */
export function countsOf(taken: readonly GraphNode[]): ReadonlyMap<GraphNode, number> {
  const counts = new Map<GraphNode, number>()
  for (const node of taken) counts.set(node, (counts.get(node) ?? 0) + 1)
  return counts
}

/** The nodes that `roots` depend on, in the order of the list. */
export function neededNodes(nodes: readonly GraphNode[], roots: readonly GraphNode[]): GraphNode[] {
  const needed = new Set<GraphNode>()
  const open = [...roots]
  for (let node = open.pop(); node; node = open.pop()) {
    if (needed.has(node)) continue
    needed.add(node)
    open.push(...node.inputs.map((input) => input.node), ...node.controls)
  }
  return nodes.filter((node) => needed.has(node))
}
