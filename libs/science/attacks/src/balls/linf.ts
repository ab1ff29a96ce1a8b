import { uniform, type Tensor1D, type Tensor4D } from '@gauntlet/engine'
import { requireRadius, type Ball } from './ball.ts'
import { linfTowardsHyperplane } from './hyperplane-projection.ts'
import { momentumAscent, type OscillationMemory } from './momentum-ascent.ts'
import { perImage } from './per-image.ts'
import { stripesAndSquares } from './square-linf.ts'

/** The Linf ball: no pixel channel moves by more than `radius`. */
export function linf(radius: number): Ball<OscillationMemory> {
  const epsilon = requireRadius('Linf', radius)
  const clip = (point: Tensor4D, origin: Tensor4D, within?: Tensor1D): Tensor4D => {
    const reach: Tensor4D | number = within ? perImage(within) : epsilon
    return point.maximum(origin.sub(reach)).minimum(origin.add(reach)).clipByValue(0, 1) as Tensor4D
  }
  return {
    norm: 'Linf',
    epsilon,
    size,
    dualSize: (gradient) => gradient.abs().sum([1, 2, 3]),
    project: clip,
    towardsHyperplane: linfTowardsHyperplane,
    steepest: (gradient) => gradient.sign(),
    /** Uniform in [−1, 1). */
    draw: (key, count) => uniform(key, count).map((value) => 2 * value - 1),
    /**
     * The noise is scaled so that its largest coordinate reaches the border (autopgd_base.py:207, `normalize` :177), so
     * that the start is not uniform in the ball.
     */
    spread: (noise, origin, within) =>
      clip(
        origin.add<Tensor4D>(noise.div(perImage(size(noise).add(1e-12))).mul(within ? perImage(within) : epsilon)),
        origin,
        within,
      ),
    ascent: momentumAscent,
    squares: stripesAndSquares(epsilon),
  }
}

function size(offset: Tensor4D): Tensor1D {
  return offset.abs().max([1, 2, 3])
}
