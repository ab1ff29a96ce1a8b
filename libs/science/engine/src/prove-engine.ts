import { convolve } from './kernels/convolution.ts'
import { nativeBackend } from './operator.ts'
import { pjrtDevice } from './pjrt/pjrt-device.ts'
import { ProgramBuilder, processPrecision } from './programs/index.ts'
import { tf, type Tensor, type Tensor4D } from './tf.ts'

/** The engine is there and does not compute what it should; a retry does not help. The message says what it gives. */
export class EngineUnsound extends Error {
  override readonly name = 'EngineUnsound'
}

/** What computes here. */
export interface ProvenEngine {
  readonly libtensorflow: string
  /** What runs programs where that is not the CPU, the version of PJRT and the path of the plugin. */
  readonly accelerator?: { readonly device: string; readonly interface: string; readonly plugin: string }
}

/**
 * An image [1, 3, 3, 1] and a filter [2, 2, 1, 1], row by row; half the sum of the squares of what the filter makes of
 * the image, unpadded, and its gradients by both.
 */
export const knownProof = {
  image: [1, 2, 0, 0, 1, 2, 2, 0, 1],
  filter: [1, -1, 0, 2],
  loss: [19.5],
  ofImage: [1, 5, -6, -1, 4, 11, 0, -2, 2],
  ofFilter: [14, 3, 4, 14],
}

/** Of the largest known number: what the least precision (bfloat16) may be away, twice over. */
const tolerance = 2 ** -6

/**
 * Proves that the engine of this process computes, by a captured program: a convolution and its gradients, compiled,
 * run and compared with what is known. Milliseconds. Throws `EngineUnsound` for other numbers, and whatever is thrown
 * where it does not run at all.
 */
export function proveEngine(convolution = convolve, precision = processPrecision()): ProvenEngine {
  const { image, filter } = knownProof
  const inputs = { x: tf.tensor4d(image, [1, 3, 3, 1]), weights: tf.tensor4d(filter, [2, 2, 1, 1]) }
  const builder = new ProgramBuilder({})
  try {
    const run = ({ x, weights }: typeof inputs) => ({ outputs: gradients(convolution, x, weights) })
    const program = builder.capture('proof', run, inputs)
    const session = builder.load(precision)
    const outputs = session.run(program, inputs)
    session.dispose()
    const numbers = Object.entries(outputs).map(([what, tensor]) => [what, [...tensor.dataSync()]] as const)
    tf.dispose(Object.values(outputs))
    for (const [what, given] of numbers) requireKnown(what as keyof typeof outputs, given)
  } finally {
    builder.dispose()
    tf.dispose(Object.values(inputs))
  }
  const libtensorflow = nativeBackend().binding.TF_Version
  const device = pjrtDevice()
  if (!device) return { libtensorflow }
  const { path: plugin, interface: version } = device.plugin
  return { libtensorflow, accelerator: { device: device.model, interface: version, plugin } }
}

function gradients(convolution: typeof convolve, x: Tensor4D, weights: Tensor4D) {
  const geometry = { stride: 1, padding: { top: 0, bottom: 0, left: 0, right: 0 } }
  const loss = (pixels: Tensor, weight: Tensor) =>
    convolution(pixels as Tensor4D, weight as Tensor4D, geometry)
      .square()
      .sum()
      .mul(0.5)
  const { value, grads } = tf.valueAndGrads(loss as never)([x, weights])
  return { loss: value as Tensor, ofImage: grads[0]!, ofFilter: grads[1]! }
}

function requireKnown(what: 'loss' | 'ofImage' | 'ofFilter', given: readonly number[]): void {
  const expected = knownProof[what]
  const allowed = tolerance * Math.max(...expected.map(Math.abs))
  const isKnown = (number: number, i: number) => Math.abs(number - expected[i]!) <= allowed
  if (given.length === expected.length && given.every(isKnown)) return
  const name = { loss: 'loss', ofImage: 'gradient by the image', ofFilter: 'gradient by the filter' }[what]
  throw new EngineUnsound(`a convolution's ${name} is ${given.join(', ')} and should be ${expected.join(', ')}`)
}
