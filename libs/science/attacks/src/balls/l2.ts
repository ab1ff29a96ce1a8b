import { normal, type Tensor1D, type Tensor4D } from '@gauntlet/engine'
import { requireRadius, type Ball } from './ball.ts'
import { l2TowardsHyperplane } from './hyperplane-projection.ts'
import { momentumAscent, type OscillationMemory } from './momentum-ascent.ts'
import { perImage } from './per-image.ts'
import { bumps, l2Mass } from './square-bumps.ts'

/** The L2 ball: offsets have a Euclidean length of at most `radius`. */
export function l2(radius: number): Ball<OscillationMemory> {
  const epsilon = requireRadius('L2', radius)
  return {
    norm: 'L2',
    epsilon,
    size,
    dualSize: size,
    /**
     * The offset is scaled into the ball, then the point is clipped to the box (autopgd_base.py:338). Clipping cannot
     * lengthen an offset whose origin is in the box, so that the point lies in both; it is not always the nearest one
     * that does.
     */
    project: (point, origin, within) => {
      const offset = point.sub(origin) as Tensor4D
      return origin
        .add(unit(offset).mul(perImage(size(offset).minimum(within ?? epsilon))))
        .clipByValue(0, 1) as Tensor4D
    },
    towardsHyperplane: l2TowardsHyperplane,
    steepest: unit,
    draw: normal,
    /** The noise is scaled to the sphere, and the point clipped to the box (autopgd_base.py:211, :230). */
    spread: (noise, origin, within) =>
      origin.add(unit(noise).mul(within ? perImage(within) : epsilon)).clipByValue(0, 1) as Tensor4D,
    ascent: momentumAscent,
    squares: bumps(l2Mass(epsilon)),
  }
}

function size(offset: Tensor4D): Tensor1D {
  return offset.square().sum<Tensor1D>([1, 2, 3]).sqrt()
}

/** The offset scaled to length 1; an offset of 0 stays 0 (autopgd_base.py:182). */
function unit(offset: Tensor4D): Tensor4D {
  return offset.div(perImage(size(offset).add(1e-12)))
}
