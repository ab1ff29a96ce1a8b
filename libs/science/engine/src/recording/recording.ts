import { nativeBackend } from '../operator.ts'
import { tf, type Tensor } from '../tf.ts'
import {
  DataType,
  int32Value,
  outputOf,
  sameReference,
  sameType,
  typeOf,
  type Attribute,
  type ConstantValue,
  type GraphFunction,
  type GraphNode,
  type Reference,
  type TensorType,
} from '../graphs/graph.ts'
import { refusal } from './refusals.ts'
import { symbolicTensor, tensorTypeOf } from './symbolic-tensors.ts'

/** What tfjs passes to its kernels: a tensor, or the part of one that they need. */
export interface TensorInfo {
  readonly dataId: object
  readonly shape: readonly number[]
  readonly dtype: string
}

/** What all recordings of one program share. */
export interface ProgramRecording {
  readonly name: string
  readonly functions: GraphFunction[]
  /** The data of tensors made during the capture. Those of a loop's body must not be used outside it. */
  readonly inner: WeakSet<object>
  /**
   * Gives the reference of a tensor that stands for something outside the program, such as state. The node is made when
   * it is first used.
   */
  readonly resolve: (tensor: TensorInfo) => Reference | undefined
  /** The placeholder for the limit of every loop's iterations, which the program's check sets. */
  readonly iterationLimit: () => GraphNode
  count: number
}

/** Constants up to this size are in the function that uses them; larger ones are outside every loop. */
const smallBytes = 1024

/** Records operators as nodes, of a graph or of a function's body. */
export class Recording {
  readonly nodes: GraphNode[] = []
  /** The arguments of a function, and the outer value that each stands for. */
  readonly captured: { readonly argument: GraphNode; readonly outer: Reference }[] = []
  private readonly references = new Map<object, Reference>()
  private readonly constants = new Map<string, Reference>()
  private readonly operations = new Map<string, Reference[]>()

  constructor(
    readonly program: ProgramRecording,
    readonly parent?: Recording,
  ) {}

  /** Adds a node, under a name that is unique in the program. */
  add(
    operator: string,
    inputs: Reference[],
    attributes: Record<string, Attribute>,
    outputs: readonly TensorType[],
    { name, controls = [], fixed }: { name?: string; controls?: GraphNode[]; fixed?: boolean } = {},
  ): GraphNode {
    const node: GraphNode = {
      name: name ?? `${this.prefix}${this.program.count++}_${operator}`,
      operator,
      inputs,
      controls,
      attributes,
      outputs,
      fixed: fixed ?? (inputs.length > 0 && inputs.every((input) => input.node.fixed)),
    }
    this.nodes.push(node)
    return node
  }

  /**
   * The outputs of an operator in the program's code. Of several operators with equal inputs and attributes one is
   * recorded, since all give the same. `types` gives the types of the outputs; it is called where the operator is new.
   */
  operation(
    operator: string,
    inputs: Reference[],
    attributes: Record<string, Attribute>,
    types: () => readonly TensorType[],
  ): Reference[] {
    if (operator === 'Reshape') return [this.reshaped(inputs[0]!, types()[0]!.shape)]
    return this.once(operator, inputs, attributes, types)
  }

  /** Sets the reference that the data of `tensor` come from. */
  bind(tensor: TensorInfo, reference: Reference): void {
    this.references.set(tensor.dataId, reference)
    this.program.inner.add(tensor.dataId)
  }

  /** A symbolic tensor for an output of a node. */
  symbolOf(node: GraphNode, output = 0): Tensor {
    const tensor = symbolicTensor(node.outputs[output]!)
    this.bind(tensor, { node, output })
    return tensor
  }

  /** Whether the value of the tensor may differ between runs. */
  varies(tensor: Pick<TensorInfo, 'dataId'>): boolean {
    if (this.program.resolve(tensor as TensorInfo)) return true
    const reference = this.lookUp(tensor.dataId)
    return reference !== undefined && !reference.node.fixed
  }

  /** The reference of a tensor's value in this graph. A tensor that was not recorded becomes a constant. */
  reference(tensor: TensorInfo): Reference {
    const known = this.lookUp(tensor.dataId) ?? this.fromParent(tensor)
    if (!known) return this.constantOf(tensor)
    return this.reshaped(known, tensor.shape)
  }

  /** The value in another shape. It is one node at most, however often the value was reshaped before. */
  reshaped(reference: Reference, shape: readonly number[]): Reference {
    const { node } = reference
    const source = node.operator === 'Reshape' ? node.inputs[0]! : reference
    const type = typeOf(source)
    if (sameType(type, { ...type, shape })) return source
    const sizes = this.constant(int32Value(shape))
    const attributes = { T: { type: type.dataType }, Tshape: { type: DataType.int32 } }
    return this.once('Reshape', [source, sizes], attributes, () => [{ ...type, shape }])[0]!
  }

  /** A constant. Equal ones share a node. */
  constant(value: ConstantValue): Reference {
    const key = `${value.dataType}/${value.shape.join('x')}/${contentKey(value.content)}`
    const known = this.constants.get(key)
    if (known) return known
    if (this.parent && value.content.length > smallBytes) return this.capture(this.parent.constant(value))
    const attributes = { dtype: { type: value.dataType }, value: { constant: value } }
    const node = this.add('Const', [], attributes, [value], { fixed: true })
    const reference = outputOf(node)
    this.constants.set(key, reference)
    return reference
  }

  /** The argument of this function that stands for a value outside it. */
  capture(outer: Reference): Reference {
    const known = this.captured.find((each) => sameReference(each.outer, outer))
    if (known) return outputOf(known.argument)
    const type = outer.node.outputs[outer.output]!
    const argument: GraphNode = {
      name: `outer_${this.captured.length}`,
      operator: 'Argument',
      inputs: [],
      controls: [],
      attributes: {},
      outputs: [type],
      fixed: outer.node.fixed,
    }
    this.captured.push({ argument, outer })
    return outputOf(argument)
  }

  private once(
    operator: string,
    inputs: Reference[],
    attributes: Record<string, Attribute>,
    types: () => readonly TensorType[],
  ): Reference[] {
    const key = `${operator} ${inputs.map(({ node, output }) => `${node.name}:${output}`).join(' ')} ${JSON.stringify(attributes)}`
    const known = this.operations.get(key)
    if (known) return known
    const node = this.add(operator, inputs, attributes, types())
    const made = node.outputs.map((_, output) => ({ node, output }))
    this.operations.set(key, made)
    return made
  }

  private get prefix(): string {
    return this.parent ? 'n' : `${this.program.name}/`
  }

  private lookUp(dataId: object): Reference | undefined {
    return this.references.get(dataId)
  }

  private fromParent(tensor: TensorInfo): Reference | undefined {
    if (!this.parent) {
      if (this.program.inner.has(tensor.dataId)) {
        throw refusal(
          'a tensor made inside the body of a loop is used outside it; return it from the body as a carried value.',
        )
      }
      return this.program.resolve(tensor)
    }
    const isOutside = this.parent.knows(tensor)
    if (!isOutside) {
      if (!this.program.inner.has(tensor.dataId)) return undefined
      throw refusal(
        'a tensor made inside the body of another loop is used here; return it from that body as a carried value.',
      )
    }
    const reference = this.capture(this.parent.reference({ ...tensor, shape: this.parent.shapeOf(tensor) }))
    this.references.set(tensor.dataId, reference)
    return reference
  }

  /** Whether this recording, or one around it, has a reference for the tensor. */
  private knows(tensor: TensorInfo): boolean {
    return (
      this.references.has(tensor.dataId) ||
      (this.parent ? this.parent.knows(tensor) : this.program.resolve(tensor) !== undefined)
    )
  }

  /** The shape under which a tensor's data are recorded here. */
  private shapeOf(tensor: TensorInfo): readonly number[] {
    const reference = this.references.get(tensor.dataId)
    return reference
      ? reference.node.outputs[reference.output]!.shape
      : this.parent
        ? this.parent.shapeOf(tensor)
        : tensor.shape
  }

  private constantOf(tensor: TensorInfo): Reference {
    if (tensor instanceof tf.Variable) {
      throw refusal('a tf.Variable would be frozen at its present value; declare it as state of the program.')
    }
    const value = constantValue(tensor)
    const reference = this.constant(value)
    this.references.set(tensor.dataId, reference)
    return reference
  }
}

/** Refuses a value whose type is not the one it had before. */
export function requireSameType(what: string, before: TensorType, after: TensorType): void {
  if (sameType(before, after)) return
  throw refusal(
    `${what} changes from [${before.shape.join(', ')}] (type ${before.dataType}) to [${after.shape.join(', ')}] (type ${after.dataType}); keep shape and type.`,
  )
}

/** The value of a tensor that has one. */
export function constantValue(tensor: TensorInfo): ConstantValue {
  if (tensor.dtype === 'string') throw refusal('a text tensor cannot be part of a program; keep texts outside.')
  const values = nativeBackend().readSync(tensor.dataId) as Float32Array | Int32Array | Uint8Array
  const bytes = new Uint8Array(
    values.buffer,
    values.byteOffset,
    isSplat(values) ? values.BYTES_PER_ELEMENT : values.byteLength,
  )
  return { ...tensorTypeOf(tensor), content: bytes.slice() }
}

/**
 * Whether all elements have the same bits, so that one of them can stand for all. Gradients of means make tensors of
 * ones that are as large as activations, hence the plain loop.
 */
function isSplat(values: Float32Array | Int32Array | Uint8Array): boolean {
  const { buffer, byteOffset, length, BYTES_PER_ELEMENT: width } = values
  const bits =
    width === 4 ? new Int32Array(buffer, byteOffset, length) : new Uint8Array(buffer, byteOffset, length * width)
  if (length < 2 || (width !== 4 && width !== 1)) return false
  for (let i = 1; i < bits.length; i++) if (bits[i] !== bits[0]) return false
  return true
}

/** The bytes as a string with a character for each byte, for use as a key. */
function contentKey(content: Uint8Array): string {
  return Buffer.from(content.buffer, content.byteOffset, content.byteLength).toString('latin1')
}
