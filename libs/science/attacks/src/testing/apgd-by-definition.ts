import { classes, coordinates, first, hidden, second } from './tiny-models.ts'

/** Loss and gradient of the tiny network's cross-entropy at one image, in float64. */
function lossByDefinition(image: ArrayLike<number>, label: number): { loss: number; gradient: number[] } {
  const inner = Array.from({ length: hidden }, (_, j) =>
    Math.tanh(Array.from(image, (value, i) => value * first[i * hidden + j]!).reduce((a, b) => a + b, 0)),
  )
  const logits = Array.from({ length: classes }, (_, c) =>
    inner.reduce((sum, value, j) => sum + value * second[j * classes + c]!, 0),
  )
  const largest = Math.max(...logits)
  const exponentials = logits.map((logit) => Math.exp(logit - largest))
  const total = exponentials.reduce((a, b) => a + b, 0)
  const outer = exponentials.map((value, c) => value / total - (c === label ? 1 : 0))
  const innerGradient = inner.map(
    (value, j) => (1 - value ** 2) * outer.reduce((sum, o, c) => sum + o * second[j * classes + c]!, 0),
  )
  const gradient = Array.from({ length: coordinates }, (_, i) =>
    innerGradient.reduce((sum, g, j) => sum + g * first[i * hidden + j]!, 0),
  )
  return { loss: Math.log(total) + largest - logits[label]!, gradient }
}

/** A run on one image: the loss and the step size after every iteration, and the best point. */
export interface Trace {
  readonly best: number[]
  readonly bestLoss: number
  readonly losses: number[]
  readonly stepSizes: number[]
}

/** A norm for the plain attack: the projection and the direction of a gradient. */
export interface PlainNorm {
  project(point: number[], origin: readonly number[]): number[]
  direction(gradient: readonly number[]): number[]
}

/**
 * APGD with momentum on one image in plain float64 numbers. It counts rises over a table of losses as the reference
 * does: index −1 of the first window reads the last row, still zero.
 */
export function momentumApgdByDefinition(
  norm: PlainNorm,
  epsilon: number,
  image: readonly number[],
  label: number,
  iterations: number,
): Trace {
  const table = new Array<number>(iterations).fill(0)
  let point = [...image]
  let older = [...image]
  let { loss, gradient } = lossByDefinition(point, label)
  let best = { point, gradient, loss }
  let [step, lossAtCheck, reduced, sinceCheck] = [2 * epsilon, loss, true, 0]
  let window = Math.max(Math.trunc(0.22 * iterations), 1)
  const stepSizes: number[] = []
  for (let i = 0; i < iterations; i++) {
    const drift = point.map((value, d) => value - older[d]!)
    older = point
    const a = i > 0 ? 0.75 : 1
    const direction = norm.direction(gradient)
    const ascended = norm.project(
      point.map((value, d) => value + step * direction[d]!),
      image,
    )
    point = norm.project(
      point.map((value, d) => value + (ascended[d]! - value) * a + drift[d]! * (1 - a)),
      image,
    )
    ;({ loss, gradient } = lossByDefinition(point, label))
    table[i] = loss
    if (loss > best.loss) best = { point, gradient, loss }
    if (++sinceCheck === window) {
      let rises = 0
      for (let back = 0; back < window; back++) if (table[i - back]! > table.at(i - back - 1)!) rises++
      const halve = rises <= 0.75 * window || (!reduced && lossAtCheck >= best.loss)
      ;[reduced, lossAtCheck, sinceCheck] = [halve, best.loss, 0]
      if (halve) [step, point, gradient] = [step / 2, best.point, best.gradient]
      window = Math.max(window - Math.max(Math.trunc(0.03 * iterations), 1), Math.max(Math.trunc(0.06 * iterations), 1))
    }
    stepSizes.push(step)
  }
  return { best: best.point, bestLoss: best.loss, losses: table, stepSizes }
}

/** APGD in the L1 ball on one image in plain float64 numbers. */
export function sparseApgdByDefinition(
  project: (point: number[], origin: readonly number[]) => number[],
  epsilon: number,
  image: readonly number[],
  label: number,
  iterations: number,
): Trace {
  const window = Math.max(Math.trunc(0.04 * iterations), 1)
  let point = [...image]
  let { loss, gradient } = lossByDefinition(point, label)
  let best = { point, gradient, loss }
  let [step, share, oldSupport] = [epsilon, 0.2, coordinates]
  const [losses, stepSizes]: [number[], number[]] = [[], []]
  for (let i = 0; i < iterations; i++) {
    const ascending = gradient.map(Math.abs).toSorted((a, b) => a - b)
    const threshold = ascending[Math.min(Math.max(Math.floor((1 - share) * coordinates), 0), coordinates - 1)]!
    const signs = gradient.map((value) => (Math.abs(value) >= threshold ? Math.sign(value) : 0))
    const moving = signs.filter((sign) => sign !== 0).length
    point = project(
      point.map((value, d) => value + (step * signs[d]!) / (moving + 1e-10)),
      image,
    )
    ;({ loss, gradient } = lossByDefinition(point, label))
    if (loss > best.loss) best = { point, gradient, loss }
    if ((i + 1) % window === 0) {
      const support = best.point.filter((value, d) => value !== image[d]).length
      const shrunk = support / oldSupport < 0.95
      share = support / coordinates / 1.5
      step = shrunk ? epsilon : Math.min(Math.max(step / 1.5, epsilon / 10), epsilon)
      oldSupport = support
      if (shrunk) [point, gradient] = [best.point, best.gradient]
    }
    losses.push(loss)
    stepSizes.push(step)
  }
  return { best: best.point, bestLoss: best.loss, losses, stepSizes }
}
