import { tf, uniform, type RandomKey, type Tensor, type Tensor1D, type Tensor2D, type Tensor4D } from '@gauntlet/engine'
import type { Attack, AttackStep, RunKey, Script, Target } from './attack.ts'
import type { Ball } from './ball.ts'
import { selectRows } from './batch-rows.ts'
import { marginOf } from './loss.ts'
import type { ImageShape } from './square-moves.ts'

/** Square as an ensemble runs it. */
export interface SquareSettings {
  readonly name: string
  readonly ball: Ball
  /** Queries after the one for the start; the model is asked once more than that. */
  readonly queries: number
  readonly restarts: number
  /** Where random numbers come from: counters, unless recorded ones are replayed. */
  readonly draw?: (key: RandomKey, count: number) => ArrayLike<number>
}

/** The point of lowest margin and its margin. */
type SquareState = { readonly best: Tensor4D; readonly lowest: Tensor1D }

/**
 * Queries whose random numbers come from one key: it is hashed, so that one each would cost more than the numbers. A
 * multiple of nothing: blocks start at 0.
 */
const queriesPerKey = 64

/**
 * The Square attack (Andriushchenko et al., arXiv:1912.00049) on the margin: random search that keeps what lowers it.
 * The first step looks at the start, every further one makes a query. How a query moves is the ball's.
 */
export function squareAttack({ name, ball, queries, restarts, draw = uniform }: SquareSettings): Attack {
  const { squares } = ball
  return {
    name,
    runs: restarts,
    steps: queries + 1,
    block: 50,
    targetRank: () => null,
    cost: { forwards: 1, backwards: 0 },
    script: (key, shape) => scriptOf(`${name}/${ball.norm}`, key, shape, squares, draw),
    enter: (images, draws) =>
      tf.tidy((): SquareState => ({
        best: squares.start(images, draws),
        lowest: tf.fill([images.shape[0]], Infinity),
      })),
    step: (target, state, cues) => step(ball, target, state as SquareState, cues),
  }
}

/** A cue is the window's side, 0 at the start, followed by the query's random numbers. */
function scriptOf(
  purpose: string,
  key: RunKey,
  shape: ImageShape,
  squares: Ball['squares'],
  draw: NonNullable<SquareSettings['draw']>,
): Script {
  const { seed, image, run } = key
  const drawn = (what: string, iteration: number, count: number) =>
    draw({ seed, purpose: `${purpose}/${what} ${run}`, image, iteration }, count)
  const draws = squares.queryDraws(shape)
  const width = draws + 1
  const atStart = new Float32Array(width)
  /**
   * The cues of the queries of one key, laid out one after the other: a cue is a view of them, as there is one for
   * every row and step.
   */
  const cuesOf = (at: number): Float32Array => {
    const numbers = drawn('query', at, queriesPerKey * draws)
    const cues = new Float32Array(queriesPerKey * width)
    for (let query = 0; query < queriesPerKey; query++) {
      cues[query * width] = squares.side(at * queriesPerKey + query, shape)
      for (let i = 0; i < draws; i++) cues[query * width + 1 + i] = numbers[query * draws + i]!
    }
    return cues
  }
  let block: { at: number; cues: Float32Array } = { at: -1, cues: atStart }
  return {
    start: Float32Array.from(drawn('start', 0, squares.startDraws(shape))),
    cue(step) {
      if (step === 0) return atStart
      const at = Math.floor((step - 1) / queriesPerKey)
      if (block.at !== at) block = { at, cues: cuesOf(at) }
      const from = ((step - 1) % queriesPerKey) * width
      return block.cues.subarray(from, from + width)
    },
  }
}

/**
 * A query and what is kept of it: a lower margin; a point whose margin is not above 0 stays for good (square.py:244,
 * :272 to :290).
 */
function step(
  { squares }: Ball,
  { logits, images, labels }: Target,
  { best, lowest }: SquareState,
  cues: Tensor2D,
): AttackStep {
  return tf.tidy(() => {
    const [sides, draws] = tf.split(cues, [1, cues.shape[1] - 1], 1) as [Tensor2D, Tensor2D]
    const begins = sides.squeeze([1]).equal(0) as Tensor1D
    const tried = squares.query(best, images, sides.squeeze<Tensor1D>([1]).maximum<Tensor1D>(1), draws)
    const point = selectRows(begins, best, tried)
    const answers = logits(point)
    const margin = marginOf(answers, labels)
    const accepted = begins.logicalOr(margin.less(lowest).logicalAnd(lowest.greater(0))) as Tensor1D
    const state: SquareState = { best: selectRows(accepted, point, best), lowest: tf.where(accepted, margin, lowest) }
    const counts: Tensor = tf.onesLike(margin)
    return { state, point, prediction: answers.argMax<Tensor1D>(1).toInt(), margin, counts: counts as Tensor1D }
  })
}
