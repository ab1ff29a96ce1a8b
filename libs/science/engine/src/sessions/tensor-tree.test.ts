import fc from 'fast-check'
import { afterAll, expect, it } from 'vitest'
import { tf } from '../tf.ts'
import { inOrderOf, leavesOf, treeOf, type TensorTree } from './tensor-tree.ts'

const leaf = tf.scalar(1)
afterAll(() => leaf.dispose())

const { tree } = fc.letrec<{ tree: TensorTree }>((tie) => ({
  tree: fc.oneof(
    { maxDepth: 3, depthIdentifier: 'tree' },
    fc.constant(leaf),
    fc.dictionary(fc.stringMatching(/^[a-z]{1,3}$/), tie('tree'), { minKeys: 1, maxKeys: 3, noNullPrototype: true }),
  ),
}))

it('gives a tree back from its leaves', () => {
  fc.assert(fc.property(tree, (one) => void expect(leavesOf(treeOf(leavesOf(one)))).toEqual(leavesOf(one))))
})

it('orders the names of a tree as those of another', () => {
  fc.assert(
    fc.property(tree, (one) => {
      const reversed = treeOf(leavesOf(one).toReversed())
      expect(leavesOf(inOrderOf(one, reversed)).map(([path]) => path)).toEqual(leavesOf(one).map(([path]) => path))
    }),
  )
})
