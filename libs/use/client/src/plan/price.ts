import type { BackboneSpeed } from '@gauntlet/contract'
import { multiplyAccumulates, type Configuration, type Passes, type StageName } from '@gauntlet/study'

/** What a price is based on: this backbone at this resolution, this backbone at another one, or other backbones. */
export type PriceBasis = 'measured' | 'another resolution' | 'other backbones'

/** The time that a stage takes on one device. */
export interface Price {
  readonly seconds: number
  readonly basis: PriceBasis
}

/** Passes, and of which stage they are: an attack and a training do more than passes, and have to begin. */
export interface StagePasses extends Passes {
  readonly stage?: StageName
}

/**
 * The time one device needs for a configuration's passes, by the speeds that were measured of it; null where none was,
 * or where the catalogue lacks the backbone. Another resolution is assumed to cost in proportion to its pixels, and
 * another backbone to its multiply-accumulates, which is rough for small images and few channels.
 */
export function priceOf(
  passes: StagePasses,
  { backbone, dataset }: Configuration,
  speeds: readonly BackboneSpeed[],
): Price | null {
  const own = nearest(
    speeds.filter((speed) => speed.backbone === backbone.id),
    dataset.resolution,
  )
  if (own) {
    const pixels = (dataset.resolution / own.resolution) ** 2
    return { seconds: pixels * secondsOf(passes, own), basis: pixels === 1 ? 'measured' : 'another resolution' }
  }
  const work = multiplyAccumulates(backbone.id, dataset.resolution)
  const others = nearestOfEach(speeds, dataset.resolution).flatMap((speed) => {
    const measured = multiplyAccumulates(speed.backbone, speed.resolution)
    return measured && work ? [(work / measured) * secondsOf(passes, speed)] : []
  })
  return others.length > 0 ? { seconds: median(others), basis: 'other backbones' } : null
}

function secondsOf({ forward, gradient, update, stage }: StagePasses, speed: BackboneSpeed): number {
  const { attackStart = 0, updateStart = 0 } = speed
  const isAttack = stage === 'perturb-and-evaluate' && gradient > 0
  const begin = (stage === 'fine-tune' ? updateStart : 0) + (gradient > 0 && stage ? attackStart : 0)
  const perturbing = gradient / (isAttack ? (speed.attack ?? speed.gradient) : speed.gradient)
  return begin + forward / speed.forward + perturbing + update / speed.update
}

/** One speed for each backbone: that of the nearest resolution. */
function nearestOfEach(speeds: readonly BackboneSpeed[], side: number): BackboneSpeed[] {
  const ids = [...new Set(speeds.map(({ backbone }) => backbone))]
  return ids.map((id) =>
    nearest(
      speeds.filter(({ backbone }) => backbone === id),
      side,
    )!,
  )
}

/** The speed whose resolution is nearest, as a ratio. */
function nearest(speeds: readonly BackboneSpeed[], side: number): BackboneSpeed | undefined {
  const distance = ({ resolution }: BackboneSpeed) => Math.abs(Math.log(resolution / side))
  return [...speeds].sort((one, other) => distance(one) - distance(other))[0]
}

/** The median; of an even number the larger of the two in the middle. Of at least one value. */
export function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)]!
}
