import {
  tf,
  uniform,
  type Tensor,
  type Tensor1D,
  type Tensor2D,
  type Tensor3D,
  type Tensor4D,
  type TensorTree,
} from '@gauntlet/engine'
import type { Attack, AttackProblem, AttackStep, RunInputs, RunKey } from './attack.ts'
import type { Ball } from '../balls/ball.ts'
import { selectRows } from './batch-rows.ts'
import { marginOf } from './loss.ts'
import type { ImageShape } from '../balls/square-moves.ts'

/** Square as an ensemble runs it. */
export interface SquareSettings {
  readonly name: string
  readonly ball: Ball
  /** Queries after the start, whose evaluation makes one forward pass more. */
  readonly queries: number
  readonly restarts: number
}

/** The point of lowest margin so far, and that margin. */
type SquareState = { readonly best: Tensor4D; readonly lowest: Tensor1D }

/**
 * Queries whose random numbers come from one key. A key is hashed, which would cost more than the numbers if every
 * query had one of its own.
 */
const queriesPerKey = 64

/**
 * The Square attack (Andriushchenko et al., arXiv:1912.00049) on the margin: a random search that keeps what lowers it.
 * The first step evaluates the start, every further one makes a query. Which points are queried depends on the ball
 * (`SquareMoves`).
 */
export function squareAttack({ name, ball, queries, restarts }: SquareSettings): Attack {
  const { squares } = ball
  return {
    name,
    runs: restarts,
    steps: queries + 1,
    blockSteps: 50,
    targetRank: () => null,
    cost: { forwards: 1, backwards: 0 },
    runInputs: (key, shape) => runInputsOf(`${name}/${ball.norm}`, key, shape, squares),
    initialState: (images, draws) =>
      tf.tidy((): SquareState => ({
        best: squares.start(images, draws),
        lowest: tf.fill([images.shape[0]], Infinity),
      })),
    prepared: (stepInputs, shape) => preparedQueries(squares, stepInputs, shape),
    step: (problem, state, inputs) => step(ball, problem, state as SquareState, inputs as SquareInputs),
  }
}

/** A step input is the window's side, 0 at the start, followed by the query's random numbers. */
function runInputsOf(purpose: string, key: RunKey, shape: ImageShape, squares: Ball['squares']): RunInputs {
  const { seed, image, run } = key
  const drawn = (what: string, iteration: number, count: number) =>
    uniform({ seed, purpose: `${purpose}/${what} ${run}`, image, iteration }, count)
  const draws = squares.queryDraws(shape)
  const width = draws + 1
  const atStart = new Float32Array(width)
  /** The inputs of the queries of key number `number`, one after the other; a step input is a view of them. */
  const inputsOf = (number: number): Float32Array => {
    const numbers = drawn('query', number, queriesPerKey * draws)
    const inputs = new Float32Array(queriesPerKey * width)
    for (let query = 0; query < queriesPerKey; query++) {
      inputs[query * width] = squares.side(number * queriesPerKey + query, shape)
      for (let i = 0; i < draws; i++) inputs[query * width + 1 + i] = numbers[query * draws + i]!
    }
    return inputs
  }
  let last: { number: number; inputs: Float32Array } = { number: -1, inputs: atStart }
  return {
    noise: drawn('start', 0, squares.startDraws(shape)),
    stepInput(step) {
      if (step === 0) return atStart
      const number = Math.floor((step - 1) / queriesPerKey)
      if (last.number !== number) last = { number, inputs: inputsOf(number) }
      const from = ((step - 1) % queriesPerKey) * width
      return last.inputs.subarray(from, from + width)
    },
  }
}

/** What a step is given. */
type SquareInputs = {
  /** Whether a row begins, [batch]. */
  readonly begins: Tensor1D
  /** What its query was prepared. */
  readonly query: TensorTree
}

/** The inputs of all steps, each tensor with a first axis for the steps. */
function preparedQueries(squares: Ball['squares'], stepInputs: Tensor3D, shape: ImageShape): TensorTree {
  const [first, draws] = tf.split(stepInputs, [1, stepInputs.shape[2] - 1], 2) as [Tensor3D, Tensor3D]
  const sides = first.squeeze<Tensor2D>([2])
  return { begins: sides.equal(0), query: squares.prepared(sides.maximum<Tensor2D>(1), draws, shape) }
}

/**
 * One query. Its point is kept if its margin is lower; a point whose margin is not above 0 is never replaced
 * (square.py:244, :272 to :290).
 */
function step(
  { squares }: Ball,
  { logits, images, labels }: AttackProblem,
  { best, lowest }: SquareState,
  { begins, query }: SquareInputs,
): AttackStep {
  return tf.tidy(() => {
    const point = selectRows(begins, best, squares.query(best, images, query))
    const answers = logits(point)
    const margin = marginOf(answers, labels)
    const accepted = begins.logicalOr(margin.less(lowest).logicalAnd(lowest.greater(0))) as Tensor1D
    const state: SquareState = { best: selectRows(accepted, point, best), lowest: tf.where(accepted, margin, lowest) }
    const counts: Tensor = tf.onesLike(margin)
    return { state, point, prediction: answers.argMax<Tensor1D>(1).toInt(), margin, counts: counts as Tensor1D }
  })
}
