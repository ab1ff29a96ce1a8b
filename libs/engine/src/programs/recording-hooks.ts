import type { TFEOpAttr } from '@tensorflow/tfjs-node-gpu/dist/tfjs_binding.js'
import { nativeBackend } from '../operator.ts'
import { tf } from '../tf.ts'
import { activeRecording, refuseWhileCapturing, suspendedProgram } from './capturing.ts'
import { DataType, type Attribute, type Reference } from './graph.ts'
import { tensorTypeOf, type Recording, type TensorInfo } from './recording.ts'
import { callers } from './refusals.ts'

/** Operators whose numbers come from a generator of TensorFlow's own, not from a key. */
const randomOperators = /^(Random|Multinomial|TruncatedNormal|ParameterizedTruncatedNormal|StatefulRandom)/

/** Operators whose output has a shape that depends on values. */
const shapedByData = /^(Where|Unique|UniqueV2|UniqueWithCounts|NonMaxSuppression|ListDiff|DynamicPartition|SetDiff|StringSplit)/

/** Operations of tfjs that make their numbers in JavaScript. */
const randomOperations = /^(rand|random\w*|truncatedNormal|multinomial|dropout)_$/

/** JavaScript's own generator, as something that is replaced during a capture. */
const javaScript: { random(): number } = Math

/** The kernel that looks at indices only to check them: what it reads does not enter the result. */
const checkingKernel = /kernels[/\\]GatherV2\.js$/

/**
 * Runs `work` with the backend watched: every operator goes to the active recording, and what a program would freeze is refused. All of tfjs
 * goes through the backend's two execute methods, gradients included. The watch is taken off again afterwards.
 */
export function watchingBackend<Result>(work: () => Result): Result {
  const backend = nativeBackend()
  const { executeSingleOutput, executeMultipleOutputs, readSync, read, write } = backend
  const { assign } = tf.Variable.prototype
  const { random } = javaScript
  Object.assign(backend, {
    executeSingleOutput(name: string, attributes: TFEOpAttr[], inputs: TensorInfo[]) {
      requireReplayable(name)
      const output = executeSingleOutput.call(backend, name, attributes, inputs as never)
      record(name, attributes, inputs, [output])
      return output
    },
    executeMultipleOutputs(name: string, attributes: TFEOpAttr[], inputs: TensorInfo[], count: number) {
      requireReplayable(name)
      const outputs = executeMultipleOutputs.call(backend, name, attributes, inputs as never, count)
      record(name, attributes, inputs, outputs)
      return outputs
    },
    readSync(dataId: object) {
      requireUnread(dataId)
      return readSync.call(backend, dataId)
    },
    read(dataId: object) {
      requireUnread(dataId)
      return read.call(backend, dataId)
    },
    write(...call: Parameters<typeof write>) {
      requireNoRandomness()
      return write.apply(backend, call)
    },
  })
  tf.Variable.prototype.assign = function (...call) {
    refuseWhileCapturing('a tf.Variable is assigned, which a replay would not do; declare it as state and return its new value.')
    return assign.apply(this, call)
  }
  javaScript.random = () => {
    refuseWhileCapturing(
      'Math.random is called, and its number would be frozen; give random numbers as inputs or draw them with drawUniform.',
    )
    return random()
  }
  try {
    return work()
  } finally {
    Object.assign(backend, { executeSingleOutput, executeMultipleOutputs, readSync, read, write })
    tf.Variable.prototype.assign = assign
    javaScript.random = random
  }
}

/** Records one operator that ran: where its inputs come from, its attributes, its outputs. */
export function record(
  name: string,
  attributes: readonly TFEOpAttr[],
  inputs: readonly TensorInfo[],
  outputs: readonly TensorInfo[],
): void {
  for (const output of outputs) suspendedProgram()?.inner.add(output.dataId)
  const recording = activeRecording()
  if (!recording) return
  const references = inputs.map((input) => referenceOf(recording, input))
  const recorded = Object.fromEntries(attributes.map((attribute) => [attribute.name, attributeOf(attribute)]))
  const node = recording.add(name, references, recorded, outputs.map(tensorTypeOf))
  outputs.forEach((output, i) => recording.bind(output, node, i))
}

function referenceOf(recording: Recording, input: TensorInfo): Reference {
  if (!('valueArray' in input)) return recording.reference(input)
  const words = input.valueArray as Int32Array // tfjs-node's Int64Scalar
  return recording.constant({ dataType: DataType.int64, shape: [], content: new Uint8Array(words.buffer.slice(0, 8)) })
}

/** An attribute as tfjs hands it to libtensorflow, as a graph writes it. Its types have the same numbers in both. */
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
      throw new TypeError(`Attribute ${name} has kind ${type}, which graphs of programs do not have.`)
  }
}

function requireReplayable(operator: string): void {
  if (randomOperators.test(operator)) {
    refuseWhileCapturing(
      `${operator} draws from a generator without a key; give random numbers as inputs or draw them with drawUniform.`,
    )
  }
  if (shapedByData.test(operator)) {
    refuseWhileCapturing(
      `the shape of what ${operator} gives depends on values; keep every element and mask those that do not count.`,
    )
  }
}

function requireUnread(dataId: object): void {
  const recording = activeRecording()
  if (!recording?.varies({ dataId }) || checkingKernel.test(callers(6)[3]?.file ?? '')) return
  refuseWhileCapturing(
    'a value is read in JavaScript, and what follows from it would be frozen; compute with tensors, or return it as an output.',
  )
}

function requireNoRandomness(): void {
  if (!activeRecording()) return
  const drawing = callers().find(({ functionName }) => randomOperations.test(functionName))
  if (!drawing) return
  const operation = drawing.functionName.slice(0, -1)
  refuseWhileCapturing(
    `tf.${operation} makes its numbers in JavaScript, and they would be frozen; give them as inputs or draw them with drawUniform.`,
  )
}
