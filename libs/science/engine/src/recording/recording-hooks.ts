import type { TFEOpAttr } from '@tensorflow/tfjs-node-gpu/dist/tfjs_binding.js'
import { interceptOperators, type OperatorCall } from '../operator-interception.ts'
import { nativeBackend } from '../operator.ts'
import { tf, type Tensor } from '../tf.ts'
import { activeRecording, refuseWhileCapturing } from './capturing.ts'
import { DataType, typeOf, type Attribute, type Reference, type TensorType } from '../graphs/graph.ts'
import { mayDecideShapes, outputTypesOf, type OperatorInput } from './operator-types.ts'
import { constantValue, type Recording, type TensorInfo } from './recording.ts'
import { callers } from './refusals.ts'
import { isSymbolic, tensorTypeOf } from './symbolic-tensors.ts'

/** Operators that draw from a generator of TensorFlow's own instead of a key. */
const randomOperators = /^(Random|Multinomial|TruncatedNormal|ParameterizedTruncatedNormal|StatefulRandom)/

/** Scopes of tfjs's operations that draw their numbers in JavaScript. */
const randomScopes = /^(rand|random\w*|truncatedNormal|multinomial)__op$/

/** JavaScript's own generator, in a type that allows a capture to replace it. */
const javaScript: { random(): number } = Math

/** Operators that tfjs runs without saying of which type their input is, which a graph must say. */
const untyped = /^(ExpandDims|Diag)$/

/** The kernel that reads indices only to check them. What it reads does not enter the result. */
const checkingKernel = /kernels[/\\]GatherV2\.js$/

/**
 * Runs `work` while every operator is added to the active recording, and what a program would freeze is refused.
 * Afterwards tfjs is as it was before.
 */
export function withRecordingHooks<Result>(work: () => Result): Result {
  const hooks = [
    interceptOperators(nativeBackend(), recorded),
    hookReads(),
    hookScopes(),
    hookAssignments(),
    hookRandom(),
  ]
  try {
    return work()
  } finally {
    for (const remove of hooks) remove()
  }
}

function hookReads(): () => void {
  const backend = nativeBackend()
  const { readSync, read } = backend
  Object.assign(backend, {
    readSync(dataId: object) {
      const checked = indicesToCheck(dataId)
      if (checked) return checked
      requireUnread(dataId)
      return readSync.call(backend, dataId)
    },
    read(dataId: object) {
      requireUnread(dataId)
      return read.call(backend, dataId)
    },
  })
  return () => void Object.assign(backend, { readSync, read })
}

/** Every operation of tfjs begins a scope of its name. */
function hookScopes(): () => void {
  const engine = tf.engine() as unknown as { startScope(name?: string): void }
  const { startScope } = engine
  engine.startScope = (name) => {
    requireNoRandomness(name)
    startScope.call(engine, name)
  }
  return () => void (engine.startScope = startScope)
}

function hookAssignments(): () => void {
  const { assign } = tf.Variable.prototype
  tf.Variable.prototype.assign = function (...call) {
    refuseWhileCapturing(
      'a tf.Variable is assigned, which a replay would not do; declare it as state and return its new value.',
    )
    return assign.apply(this, call)
  }
  return () => void (tf.Variable.prototype.assign = assign)
}

function hookRandom(): () => void {
  const { random } = javaScript
  javaScript.random = () => {
    refuseWhileCapturing(
      'Math.random is called, and its number would be frozen; give random numbers as inputs or draw them with drawUniform.',
    )
    return random()
  }
  return () => void (javaScript.random = random)
}

/**
 * Gives the outputs of one operator, and records it where a program is captured. It is executed only where all inputs
 * have values. What follows from a program's inputs or state has a type and no value.
 */
export function recorded({ name, attributes, inputs }: OperatorCall, execute: () => Tensor[]): Tensor[] {
  const recording = activeRecording()
  if (!recording) return execute()
  requireKeyed(name)
  const references = inputs.map((input) => referenceOf(recording, input))
  const named = Object.fromEntries(attributes.map((attribute) => [attribute.name, attributeOf(attribute)]))
  if (untyped.test(name)) named['T'] = { type: typeOf(references[0]!).dataType }
  const record = (types: () => readonly TensorType[]) => recording.operation(name, references, named, types)
  if (inputs.some(({ dataId }) => isSymbolic(dataId))) {
    const given = () => inputs.map((input, i) => operatorInput(input, references[i]!))
    return record(() => outputTypesOf(name, named, given())).map(({ node, output }) => recording.symbolOf(node, output))
  }
  const outputs = execute()
  const results = record(() => outputs.map(tensorTypeOf))
  outputs.forEach((output, i) => recording.bind(output, results[i]!))
  return outputs
}

/** An input's type, or its value where that may determine a shape. */
function operatorInput(input: TensorInfo, { node, output }: Reference): OperatorInput {
  const type = node.outputs[output]!
  const value = node.attributes['value']
  if (value && 'constant' in value) return mayDecideShapes(type) ? value.constant : type
  return isSymbolic(input.dataId) || !mayDecideShapes(type) ? type : constantValue(input)
}

function referenceOf(recording: Recording, input: TensorInfo): Reference {
  if (!('valueArray' in input)) return recording.reference(input)
  const words = input.valueArray as Int32Array // tfjs-node's Int64Scalar
  return recording.constant({ dataType: DataType.int64, shape: [], content: new Uint8Array(words.buffer.slice(0, 8)) })
}

/**
 * An attribute as a graph has it, from one as tfjs gives it to libtensorflow. Data types have the same numbers in both.
 */
function attributeOf({ name, type, value }: TFEOpAttr): Attribute {
  const { binding } = nativeBackend()
  const list = Array.isArray(value) ? (value as unknown[]) : undefined
  switch (type) {
    case binding.TF_ATTR_TYPE:
      return { type: value as number }
    case binding.TF_ATTR_BOOL:
      return list ? { truths: list as boolean[] } : { truth: Boolean(value) }
    case binding.TF_ATTR_STRING:
      return { text: value as string }
    case binding.TF_ATTR_FLOAT:
      return list ? { reals: list as number[] } : { real: value as number }
    case binding.TF_ATTR_INT:
      return list ? { integers: list as number[] } : { integer: value as number }
    case binding.TF_ATTR_SHAPE:
      return { shape: value as number[] }
    default:
      throw new TypeError(`Attribute ${name} has kind ${type}, which programs cannot record.`)
  }
}

function requireKeyed(operator: string): void {
  if (!randomOperators.test(operator)) return
  refuseWhileCapturing(
    `${operator} draws from a generator without a key; give random numbers as inputs or draw them with drawUniform.`,
  )
}

/** Zeros in place of unknown indices, for a kernel that only checks whether they are within bounds. */
function indicesToCheck(dataId: object): Int32Array | undefined {
  if (!isSymbolic(dataId) || !checkingKernel.test(callers(6)[3] ?? '')) return
  return new Int32Array(1)
}

function requireUnread(dataId: object): void {
  if (!isSymbolic(dataId) && !activeRecording()?.varies({ dataId })) return
  refuseWhileCapturing(
    'a value is read in JavaScript, and what follows from it would be frozen; compute with tensors, or return it as an output.',
  )
}

function requireNoRandomness(scope = ''): void {
  const [, operation] = randomScopes.exec(scope) ?? []
  if (!operation) return
  refuseWhileCapturing(
    `tf.${operation} makes its numbers in JavaScript, and they would be frozen; give them as inputs or draw them with drawUniform.`,
  )
}
