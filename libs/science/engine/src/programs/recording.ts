import { nativeBackend } from '../operator.ts'
import { tf, type Tensor } from '../tf.ts'
import {
  DataType,
  int32Value,
  outputOf,
  sameType,
  typeOf,
  type Attribute,
  type ConstantValue,
  type GraphFunction,
  type GraphNode,
  type Reference,
  type TensorType,
} from './graph.ts'
import { refusal } from './refusals.ts'
import { symbolicTensor, tensorTypeOf } from './symbolic-tensors.ts'

/** What tfjs hands its kernels: a tensor, or as much of one. */
export interface TensorInfo {
  readonly dataId: object
  readonly shape: readonly number[]
  readonly dtype: string
}

/** What all recordings of one program have in common. */
export interface ProgramRecording {
  readonly name: string
  readonly functions: GraphFunction[]
  /** Data of tensors made during the capture: a loop's body must not leak into what is around it. */
  readonly inner: WeakSet<object>
  /** Gives the node of a tensor that stands for something outside, such as state, the first time it is used. */
  readonly resolve: (tensor: TensorInfo) => Reference | undefined
  /** The placeholder of how many iterations each loop may run: all, but few in the program's check. */
  readonly iterationLimit: () => GraphNode
  count: number
}

/** Constants up to this size stand where they are used; larger ones outside every loop. */
const smallBytes = 1024

/** The operators of a program, as nodes of a graph or of a function's body. */
export class Recording {
  readonly nodes: GraphNode[] = []
  /** A function's arguments, and what each stands for outside. */
  readonly captured: { readonly argument: GraphNode; readonly outer: Reference }[] = []
  private readonly references = new Map<object, Reference>()
  private readonly constants = new Map<string, Reference>()
  private readonly operations = new Map<string, Reference[]>()

  constructor(
    readonly program: ProgramRecording,
    readonly parent?: Recording,
  ) {}

  /** Adds a node. Its name is unique in the program. */
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
   * What an operator of the program's code gives: of two with the same inputs and attributes one is recorded, since
   * both give the same. `types`: of its outputs, asked for where it is new.
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

  /** Says where the data of `tensor` come from. */
  bind(tensor: TensorInfo, reference: Reference): void {
    this.references.set(tensor.dataId, reference)
    this.program.inner.add(tensor.dataId)
  }

  /** A tensor without values that stands for an output of a node. */
  symbolOf(node: GraphNode, output = 0): Tensor {
    const tensor = symbolicTensor(node.outputs[output]!)
    this.bind(tensor, { node, output })
    return tensor
  }

  /** Whether the value of the tensor would be another in another run. */
  varies(tensor: Pick<TensorInfo, 'dataId'>): boolean {
    if (this.program.resolve(tensor as TensorInfo)) return true
    const reference = this.lookUp(tensor.dataId)
    return reference !== undefined && !reference.node.fixed
  }

  /** Where the value of a tensor comes from in this graph. What was not recorded becomes a constant. */
  reference(tensor: TensorInfo): Reference {
    const known = this.lookUp(tensor.dataId) ?? this.fromParent(tensor)
    if (!known) return this.constantOf(tensor)
    return this.reshaped(known, tensor.shape)
  }

  /** The same numbers in another shape: one node at most, however often they were reshaped before. */
  reshaped(reference: Reference, shape: readonly number[]): Reference {
    const { node } = reference
    const source = node.operator === 'Reshape' ? node.inputs[0]! : reference
    const type = typeOf(source)
    if (sameType(type, { ...type, shape })) return source
    const sizes = this.constant(int32Value(shape))
    const attributes = { T: { type: type.dataType }, Tshape: { type: DataType.int32 } }
    return this.once('Reshape', [source, sizes], attributes, () => [{ ...type, shape }])[0]!
  }

  /** A constant; equal ones are one node. */
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

  /** Inside a function: the argument that stands for something outside. */
  capture(outer: Reference): Reference {
    const known = this.captured.find((each) => each.outer.node === outer.node && each.outer.output === outer.output)
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

  /** Whether this recording or one around it knows where the tensor comes from. */
  private knows(tensor: TensorInfo): boolean {
    return (
      this.references.has(tensor.dataId) ||
      (this.parent ? this.parent.knows(tensor) : this.program.resolve(tensor) !== undefined)
    )
  }

  /** The shape under which a tensor's data are known here. */
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

/** Requires that a value handed on has the type it had. */
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
 * Whether all elements have the same bits, so that one can stand for all. A plain loop: gradients of means make tensors
 * of ones as large as activations.
 */
function isSplat(values: Float32Array | Int32Array | Uint8Array): boolean {
  const { buffer, byteOffset, length, BYTES_PER_ELEMENT: width } = values
  const bits =
    width === 4 ? new Int32Array(buffer, byteOffset, length) : new Uint8Array(buffer, byteOffset, length * width)
  if (length < 2 || (width !== 4 && width !== 1)) return false
  for (let i = 1; i < bits.length; i++) if (bits[i] !== bits[0]) return false
  return true
}

/** Small contents as they are, large ones by length and digest. */
function contentKey(content: Uint8Array): string {
  return Buffer.from(content.buffer, content.byteOffset, content.byteLength).toString('latin1')
}
