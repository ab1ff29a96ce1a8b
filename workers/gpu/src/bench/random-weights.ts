import { uniform } from '@gauntlet/engine'
import type { ParameterSpecification } from '@gauntlet/nn'
import { elementCount, type NamedArray } from '@gauntlet/weights'

/**
 * Random weights for measuring speed, without a file. What norms divide by is 1, and kernels are uniform in ± √(3 /
 * inputs), which keeps the size of activations, so that no value is so small or so large that computing with it takes
 * another time.
 */
export function randomWeights(specifications: readonly ParameterSpecification[]): NamedArray[] {
  return specifications.map(({ name, shape, kind }) => {
    if (kind === 'counter') return { name, shape, dtype: 'int64', data: new BigInt64Array(elementCount(shape)) }
    return { name, shape, dtype: 'float32', data: valuesOf(name, shape) }
  })
}

function valuesOf(name: string, shape: readonly number[]): Float32Array {
  const count = elementCount(shape)
  const leaf = name.slice(name.lastIndexOf('.') + 1)
  if (/running_var$|temperature$/.test(leaf) || (shape.length <= 1 && leaf === 'weight'))
    return new Float32Array(count).fill(1)
  if (leaf.includes('gamma')) return new Float32Array(count).fill(0.1)
  if (shape.length <= 1) return new Float32Array(count)
  const bound = Math.sqrt((3 * shape[0]!) / count)
  return uniform({ seed: 0, purpose: `bench/${name}` }, count).map((value) => (2 * value - 1) * bound)
}
