import { tf, type Tensor } from '../tf.ts'
import { CaptureRefused } from '../recording/refusals.ts'

/** Tensors under names, to any depth: a state, a carried value, outputs. Lists are named by their indices. */
export type TensorTree = Tensor | { readonly [name: string]: TensorTree } | readonly TensorTree[]

/** The tensors of a tree with the path of each, in the order of its names. */
export function leavesOf(tree: TensorTree, path = ''): [path: string, tensor: Tensor][] {
  if (isTensor(tree)) return [[path, tree]]
  if (tree === null || typeof tree !== 'object') {
    throw new CaptureRefused(
      `${path || 'The value'} is ${String(tree)} where a program takes and gives tensors only; make it one, or leave it out.`,
    )
  }
  return Object.entries(tree).flatMap(([name, value]) => leavesOf(value as TensorTree, path ? `${path}/${name}` : name))
}

export function tensorsOf(tree: TensorTree): Tensor[] {
  return leavesOf(tree).map(([, tensor]) => tensor)
}

/** The same tree with its tensors replaced by `tensors`, in the order of `leavesOf`. */
export function withTensors<Tree extends TensorTree>(tree: Tree, tensors: readonly Tensor[]): Tree {
  const rest = [...tensors]
  return mapTensors(tree, () => rest.shift()!)
}

/** The same tree with every tensor replaced. */
export function mapTensors<Tree extends TensorTree>(
  tree: Tree,
  change: (tensor: Tensor, path: string) => Tensor,
  path = '',
): Tree {
  if (isTensor(tree)) return change(tree, path) as Tree
  const mapped = Object.entries(tree as Record<string, TensorTree>).map(
    ([name, value]) => [name, mapTensors(value, change, path ? `${path}/${name}` : name)] as const,
  )
  return (Array.isArray(tree) ? mapped.map(([, value]) => value) : Object.fromEntries(mapped)) as Tree
}

/** The tree whose leaves these are: the reverse of `leavesOf` for trees without lists. */
export function treeOf(leaves: readonly (readonly [path: string, tensor: Tensor])[]): TensorTree {
  if (leaves.length === 1 && leaves[0]![0] === '') return leaves[0]![1]
  const names = [...new Set(leaves.map(([path]) => path.split('/')[0]!))]
  const under = (name: string) => leaves.filter(([path]) => path.split('/')[0] === name)
  return Object.fromEntries(
    names.map((name) => [name, treeOf(under(name).map(([path, tensor]) => [path.slice(name.length + 1), tensor]))]),
  )
}

/** The tensors of `tree` with its names in the order of those of `model`, as a loop needs what it carries. */
export function inOrderOf<Tree extends TensorTree>(model: Tree, tree: Tree): Tree {
  const leaves = new Map(leavesOf(tree))
  return mapTensors(model, (_, path) => leaves.get(path)!)
}

/** `tf.tidy` for a tree. */
export function tidyTree<Tree extends TensorTree>(work: () => Tree): Tree {
  return tf.tidy(work as unknown as () => Tensor) as unknown as Tree
}

function isTensor(tree: unknown): tree is Tensor {
  return tree instanceof tf.Tensor
}
