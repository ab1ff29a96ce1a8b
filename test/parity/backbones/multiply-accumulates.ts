import { nativeBackend, withOperatorsIntercepted, type Tensor } from '@gauntlet/engine'

interface Shaped {
  readonly shape: readonly number[]
}

/**
 * The multiply-accumulates of the operators that have any. All others move, add or compare, or work element by element.
 */
const counters: readonly (readonly [name: RegExp, count: (inputs: readonly Shaped[], output: Shaped) => number])[] = [
  // [height, width, in / groups, out]
  [/^(_Fused)?Conv2D$/, ([, filter], output) => sizeOf(output) * lengthOf(filter!.shape.slice(0, 3))],
  [/^(_Fused)?DepthwiseConv2dNative$/, ([, filter], output) => sizeOf(output) * lengthOf(filter!.shape.slice(0, 2))],
  [/MatMul(V[23])?$/, ([a, b], output) => sizeOf(output) * contracted(a!, b!, output)],
]
/** Operators that multiply and add in a way that is not counted here. */
const uncounted = /Conv|Einsum|MatMul|Attention|Xla/i

/** How many multiply-accumulates `compute` has, by the shapes of the operators that it runs. */
export function countMultiplyAccumulates(compute: () => Tensor): number {
  let total = 0
  withOperatorsIntercepted(
    nativeBackend(),
    ({ name, inputs }, execute) => {
      const outputs = execute()
      total += multiplyAccumulatesOf(name, inputs, outputs[0]!)
      return outputs
    },
    compute,
  )
  return total
}

function multiplyAccumulatesOf(name: string, inputs: readonly Shaped[], output: Shaped): number {
  const counter = counters.find(([pattern]) => pattern.test(name))
  if (!counter && uncounted.test(name))
    throw new Error(`The multiply-accumulates of ${name} are not counted; add it to the counters.`)
  return counter ? counter[1](inputs, output) : 0
}

/**
 * The length that a product sums over. It follows from |a| · |b| = batch² · rows · columns · length² and |output| =
 * batch · rows · columns.
 */
function contracted(a: Shaped, b: Shaped, output: Shaped): number {
  const batch = lengthOf(output.shape.slice(0, -2))
  const broadcast = (one: Shaped) => batch / lengthOf(one.shape.slice(0, -2))
  return Math.sqrt((sizeOf(a) * broadcast(a) * sizeOf(b) * broadcast(b)) / (sizeOf(output) * batch))
}

function sizeOf({ shape }: Shaped): number {
  return lengthOf(shape)
}

function lengthOf(shape: readonly number[]): number {
  return shape.reduce((product, length) => product * length, 1)
}
