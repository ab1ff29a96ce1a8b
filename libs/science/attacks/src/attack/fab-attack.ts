import { tf, type RandomKey, type Tensor1D, type Tensor2D, type Tensor4D } from '@gauntlet/engine'
import type { Attack, AttackProblem, AttackStep, RunInputs } from './attack.ts'
import type { Ball } from '../balls/ball.ts'
import { selectRows } from './batch-rows.ts'
import { linearised, type Linearisation } from './linearisation.ts'
import { marginOf } from './loss.ts'
import { perImage } from '../balls/per-image.ts'

/** Largest weight of the step towards the image (`alpha_max`, fab_base.py:43). */
const mostBack = 0.1
/** How far a step goes beyond the boundary it aims at (`eta`). */
const overshoot = 1.05
/** Part of the way from the image that is kept where the point is adversarial (`beta`). */
const kept = 0.9
/** Distances below this count as this (fab_base.py:216). */
const shortest = 1e-8

/** FAB as an ensemble runs it. */
export interface FabSettings {
  readonly name: string
  readonly ball: Ball
  readonly iterations: number
  /** The first run starts from the image, the others from random points at half the radius (fab_base.py:130). */
  readonly restarts: number
  /**
   * Number of target classes: the second, third … most likely on the clean image (:303, :113). With 0 every step aims
   * at the nearest boundary of all classes.
   */
  readonly targets: number
}

/**
 * The point that the next step starts from. The reference also keeps the smallest adversarial offset so far; here the
 * driver takes an image out of the batch at its first point that counts.
 */
type FabState = { readonly point: Tensor4D }

/**
 * Fast adaptive boundary attack (Croce and Hein, arXiv:1907.02044), as fra31/auto-attack@a3922004 runs it (fab_base.py,
 * fab_pt.py). It looks for the nearest adversarial point, whatever its distance; a point counts where it lies within
 * epsilon (:319). The paper's final search along the segment is missing in the reference, and here.
 *
 * A step costs two forward passes, as there. The second could serve as the next gradient's forward pass where the point
 * was not moved, but that would save little: on a robust CNN the point is adversarial, and thus moved, in 80 % (Linf),
 * 63 % (L2) and 40 % (L1) of the steps.
 */
export function fabAttack(settings: FabSettings): Attack {
  const { name, ball, iterations, restarts, targets } = settings
  return {
    name,
    runs: restarts * Math.max(targets, 1),
    steps: iterations,
    blockSteps: 10,
    targetRank: (run) => (targets > 0 ? 1 + Math.floor(run / restarts) : null),
    cost: { forwards: 2, backwards: 1 },
    runInputs: ({ seed, image, run }, shape): RunInputs => {
      const count = shape[0] * shape[1] * shape[2]
      const key: RandomKey = { seed, purpose: `${name}/${ball.norm}/start`, image, iteration: run }
      return {
        noise: run % restarts === 0 ? new Float32Array(count) : ball.draw(key, count),
        stepInput: () => [0],
      }
    },
    initialState: (images, noise) =>
      tf.tidy((): FabState => ({
        point: startOf(ball, images, noise.reshape(images.shape)),
      })),
    step: (problem, state) => step(settings, problem, state as FabState),
  }
}

/**
 * The image where the noise is 0, else a point at half the radius in the noise's direction, cut to the box
 * (fab_base.py:131 to :161).
 */
function startOf(ball: Ball, images: Tensor4D, noise: Tensor4D): Tensor4D {
  const size = perImage(ball.size(noise).maximum(1e-30))
  return images.add<Tensor4D>(noise.div(size).mul(ball.epsilon / 2)).clipByValue(0, 1) as Tensor4D
}

function step({ ball, targets }: FabSettings, problem: AttackProblem, { point }: FabState): AttackStep {
  return tf.tidy(() => {
    const { logits, images, labels } = problem
    const { lead, slope } =
      targets > 0 ? linearised(logits, point, labels, problem.targets) : towardsNearest(ball, problem, point)
    const candidate = stepTo(ball, point, images, lead, slope)
    const answers = logits(candidate)
    const prediction = answers.argMax<Tensor1D>(1).toInt()
    const distance = ball.size(candidate.sub(images))
    const isAdversarial = prediction.notEqual(labels.toInt()) as Tensor1D
    const next = selectRows(isAdversarial, images.add<Tensor4D>(candidate.sub(images).mul(kept)), candidate)
    const counts = distance.lessEqual(ball.epsilon).toFloat() as Tensor1D
    return { state: { point: next }, point: candidate, prediction, margin: marginOf(answers, labels), counts }
  })
}

/**
 * z_j − z_y of the class j whose linearised boundary is nearest (fab_pt.py:77, fab_base.py:171 to :185). It takes one
 * gradient for every class, each with a forward pass of its own.
 */
function towardsNearest(ball: Ball, problem: AttackProblem, point: Tensor4D): Linearisation {
  const classes = tf.tidy(() => problem.logits(point.slice([0], [1])).shape[1])
  let nearest: (Linearisation & { distance: Tensor1D }) | undefined
  for (let rival = 0; rival < classes; rival++) {
    const targets = tf.fill(problem.labels.shape, rival, 'int32') as Tensor1D
    const { lead, slope } = linearised(problem.logits, point, problem.labels, targets)
    const apart = lead.abs().div<Tensor1D>(ball.dualSize(slope).add(1e-12))
    const distance = tf.where(targets.equal(problem.labels.toInt()), tf.fill(apart.shape, Infinity), apart) as Tensor1D
    const found = { lead, slope, distance }
    nearest = nearest ? selectRows(distance.less<Tensor1D>(nearest.distance), found, nearest) : found
  }
  return nearest!
}

/**
 * A point between the projections of the point and of the image onto the linearised boundary, each overshot
 * (fab_base.py:186 to :226).
 */
function stepTo(ball: Ball, point: Tensor4D, images: Tensor4D, lead: Tensor1D, slope: Tensor4D): Tensor4D {
  const [batch, ...shape] = point.shape
  const flat = (tensor: Tensor4D) => tensor.reshape<Tensor2D>([batch, -1])
  // The lead that the linear model has at the image.
  const leadAtImage = lead.add<Tensor1D>(
    flat(slope)
      .mul(flat(images.sub(point)))
      .sum(1),
  )
  const both = ball.towardsHyperplane(
    tf.concat([flat(point), flat(images)]),
    tf.concat([flat(slope), flat(slope)]),
    tf.concat([lead, leadAtImage]),
  )
  const [fromPoint, fromImage] = tf.split(both.reshape<Tensor4D>([2 * batch, ...shape]), 2) as [Tensor4D, Tensor4D]
  const [far, farther] = [fromPoint, fromImage].map((offset) => ball.size(offset).maximum<Tensor1D>(shortest)) as [
    Tensor1D,
    Tensor1D,
  ]
  const back = perImage(far.div<Tensor1D>(far.add(farther)).clipByValue(0, mostBack) as Tensor1D)
  const onwards = point.add(fromPoint.mul(overshoot)).mul(tf.sub(1, back))
  return onwards.add(images.add(fromImage.mul(overshoot)).mul(back)).clipByValue(0, 1) as Tensor4D
}
