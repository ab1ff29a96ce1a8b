import { runOperator, tf, type Tensor, type Tensor1D } from '@gauntlet/engine'

/** Tensors under names, to any depth: a state, a step, a problem. */
export type TensorTree = Tensor | { readonly [name: string]: TensorTree }

/** The same tree with every tensor replaced. */
function mapTensors<Tree extends TensorTree>(tree: Tree, change: (tensor: Tensor) => Tensor): Tree {
  if (tree instanceof tf.Tensor) return change(tree) as Tree
  return Object.fromEntries(
    Object.entries(tree as object).map(([name, value]) => [name, mapTensors(value, change)]),
  ) as Tree
}

/**
 * The rows of `one` where `chosen` [batch] holds, else those of `other`, for trees of the same names and numbers.
 * `tf.where` would first write the choice out for every pixel.
 */
export function whichever<Tree extends TensorTree>(chosen: Tensor1D, one: Tree, other: Tree): Tree {
  if (one instanceof tf.Tensor) {
    const type = { type: one.dtype as 'float32' | 'int32' }
    return runOperator('Select', { T: type }, [chosen, one, other as Tensor])[0] as Tree
  }
  const chosenOf = ([name, value]: [string, TensorTree]) => [
    name,
    whichever(chosen, value, (other as Record<string, TensorTree>)[name]!),
  ]
  return Object.fromEntries(Object.entries(one as object).map(chosenOf)) as Tree
}

/** The rows `places` of two trees of the same names, the rows of `two` numbered on from those of `one`. */
export function gatherRows<Tree extends TensorTree>(
  one: Tree | null,
  two: Tree | null,
  places: readonly number[],
): Tree {
  if (!one || !two) return mapTensors((one ?? two)!, (tensor) => tf.gather(tensor, [...places]))
  if (one instanceof tf.Tensor) return tf.gather(tf.concat([one, two as Tensor]), [...places]) as Tree
  const gathered = ([name, value]: [string, TensorTree]) => [
    name,
    gatherRows(value, (two as Record<string, TensorTree>)[name]!, places),
  ]
  return Object.fromEntries(Object.entries(one as object).map(gathered)) as Tree
}

/** The tensors of a tree under the names that lead to them, joined by slashes. */
export function namedTensors(tree: TensorTree, name = ''): [string, Tensor][] {
  if (tree instanceof tf.Tensor) return [[name, tree]]
  return Object.entries(tree as object).flatMap(([part, value]) => namedTensors(value, name ? `${name}/${part}` : part))
}

/** The tree that has these tensors under these names. */
export function treeOf(tensors: readonly (readonly [string, Tensor])[]): TensorTree {
  if (tensors.length === 1 && tensors[0]![0] === '') return tensors[0]![1]
  const parts = [...new Set(tensors.map(([name]) => name.split('/')[0]!))]
  const under = (part: string) => tensors.filter(([name]) => name.split('/')[0] === part)
  return Object.fromEntries(
    parts.map((part) => [
      part,
      treeOf(under(part).map(([name, tensor]) => [name.slice(part.length + 1), tensor] as const)),
    ]),
  )
}

/** The tensors of `tree` with its names in the order of those of `model`, as what a loop carries must have them. */
export function inOrderOf<Tree extends TensorTree>(model: Tree, tree: Tree): Tree {
  if (tree instanceof tf.Tensor) return tree
  const ordered = ([name, part]: [string, TensorTree]) => [
    name,
    inOrderOf(part, (tree as Record<string, TensorTree>)[name]!),
  ]
  return Object.fromEntries(Object.entries(model as object).map(ordered)) as Tree
}
