import { leavesOf, mapTensors, runOperator, tf, type Tensor, type Tensor1D, type TensorTree } from '@gauntlet/engine'

/**
 * The rows of `one` where `chosen` [batch] holds, else those of `other`. Both trees have the same names and shapes.
 * `tf.where` would first write the choice out for every pixel.
 */
export function selectRows<Tree extends TensorTree>(chosen: Tensor1D, one: Tree, other: Tree): Tree {
  const others = new Map(leavesOf(other))
  return mapTensors(one, (tensor, path) => {
    const type = { type: tensor.dtype as 'float32' | 'int32' }
    return runOperator('Select', { T: type }, [chosen, tensor, others.get(path)!])[0]!
  })
}

/**
 * The rows of two trees of the same names at these indices, in their order. The rows of `two` are numbered on from
 * those of `one`.
 */
export function gatherRows<Tree extends TensorTree>(
  one: Tree | null,
  two: Tree | null,
  indices: readonly number[],
): Tree {
  if (!one || !two) return mapTensors((one ?? two)!, (tensor) => tf.gather(tensor, [...indices]))
  const others = new Map<string, Tensor>(leavesOf(two))
  return mapTensors(one, (tensor, path) => tf.gather(tf.concat([tensor, others.get(path)!]), [...indices]))
}
