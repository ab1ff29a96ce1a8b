import type { BackboneSpeed } from '@gauntlet/contract'
import { backboneFacts, type Configuration, type Passes } from '@gauntlet/study'

/** What a price rests on: this backbone at this resolution, this backbone at another, or other backbones. */
export type PriceBasis = 'measured' | 'another resolution' | 'other backbones'

/** What a stage takes of one device. */
export interface Price {
  readonly seconds: number
  readonly basis: PriceBasis
}

/**
 * The time one device needs for a configuration's passes, by what was measured of it; null where nothing was, or the
 * catalogue knows too little. Another resolution is taken to cost as its pixels, another backbone as its
 * multiply-accumulates: rough for small images and few channels.
 */
export function priceOf(
  passes: Passes,
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
  return others.length > 0 ? { seconds: middle(others), basis: 'other backbones' } : null
}

function secondsOf(passes: Passes, speed: BackboneSpeed): number {
  return passes.forward / speed.forward + passes.gradient / speed.gradient + passes.update / speed.update
}

/** Of one image of that side. */
function multiplyAccumulates(id: string, side: number): number | null {
  const facts = backboneFacts(id)
  return facts && facts.multiplyAccumulates * (side / facts.native.side) ** 2
}

/** One speed a backbone. */
function nearestOfEach(speeds: readonly BackboneSpeed[], side: number): BackboneSpeed[] {
  const ids = [...new Set(speeds.map(({ backbone }) => backbone))]
  return ids.map((id) =>
    nearest(
      speeds.filter(({ backbone }) => backbone === id),
      side,
    )!,
  )
}

/** The one whose resolution is nearest, as a ratio. */
function nearest(speeds: readonly BackboneSpeed[], side: number): BackboneSpeed | undefined {
  const distance = ({ resolution }: BackboneSpeed) => Math.abs(Math.log(resolution / side))
  return [...speeds].sort((one, other) => distance(one) - distance(other))[0]
}

/** The median; of an even number the larger of the two in the middle. */
function middle(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)]!
}
