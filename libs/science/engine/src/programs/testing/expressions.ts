import fc from 'fast-check'
import type { Tensor } from '../../tf.ts'

/** A random differentiable function of two matrices [3, 4], made of operations that keep that shape. */
export interface Expression {
  readonly text: string
  evaluate(x: Tensor, weight: Tensor): Tensor
}

type Unary = Readonly<Record<string, (x: Tensor) => Tensor>>
type Binary = Readonly<Record<string, (x: Tensor, y: Tensor) => Tensor>>

const smoothUnary: Unary = {
  tanh: (x) => x.tanh(),
  exp: (x) => x.tanh().exp(),
  square: (x) => x.square(),
  softmax: (x) => x.softmax(),
  rolled: (x) => x.transpose().reverse(0).transpose(),
  padded: (x) =>
    x
      .pad([
        [1, 0],
        [0, 2],
      ])
      .slice([0, 2], [3, 4]),
  folded: (x) => x.reshape([2, 6]).cumsum(1).reshape([3, 4]),
  centred: (x) => x.sub(x.mean(1, true)),
  widened: (x) => x.expandDims(1).squeeze([1]),
}

const unary: Unary = {
  ...smoothUnary,
  relu: (x) => x.relu(),
  tiled: (x) => x.max(0, true).tile([3, 1]),
  clipped: (x) => x.clipByValue(-0.5, 0.5),
}

const smoothBinary: Binary = {
  add: (x, y) => x.add(y),
  mul: (x, y) => x.mul(y),
  mixed: (x, y) => x.matMul(y, false, true).matMul(x).mul(0.1),
  joined: (x, y) =>
    x
      .concat(y, 0)
      .split(2, 0)
      .reduce((sum, part) => sum.sub(part)),
}

const binary: Binary = {
  ...smoothBinary,
  larger: (x, y) => x.maximum(y),
  chosen: (x, y) => x.mul(x.sub(y).step()),
}

const leaves: readonly Expression[] = [
  { text: 'x', evaluate: (x) => x },
  { text: 'w', evaluate: (_, weight) => weight },
]

export const expressions = expressionsOf(unary, binary)

/** Those whose derivatives do not jump: beside a jump, two roundings of one number have quite different derivatives. */
export const smoothExpressions = expressionsOf(smoothUnary, smoothBinary)

function expressionsOf(unary: Unary, binary: Binary): fc.Arbitrary<Expression> {
  return fc
    .letrec<{ expression: Expression }>((tie) => ({
      expression: fc.oneof(
        { maxDepth: 4, withCrossShrink: true },
        fc.constantFrom(...leaves),
        fc.tuple(fc.constantFrom(...Object.keys(unary)), tie('expression')).map(([name, inner]) => ({
          text: `${name}(${inner.text})`,
          evaluate: (x: Tensor, weight: Tensor) => unary[name]!(inner.evaluate(x, weight)),
        })),
        fc
          .tuple(fc.constantFrom(...Object.keys(binary)), tie('expression'), tie('expression'))
          .map(([name, one, other]) => ({
            text: `${name}(${one.text}, ${other.text})`,
            evaluate: (x: Tensor, weight: Tensor) => binary[name]!(one.evaluate(x, weight), other.evaluate(x, weight)),
          })),
      ),
    }))
    .expression.map(bothUsed)
}

/** Uses both matrices, since tfjs refuses to differentiate by a tensor that is not used. */
function bothUsed(expression: Expression): Expression {
  return {
    text: `${expression.text} + 0.1 x w`,
    evaluate: (x, weight) => expression.evaluate(x, weight).add(x.mul(weight).mul(0.1)),
  }
}
