import type { EnsembleName } from '@gauntlet/attacks'
import type { AttackTime } from './task.ts'

/** The ensembles that are measured. The last one is that which the others are compared with. */
export const tiers = ['apgd-ce', 'malt', 'apgd-ce+t', 'standard'] as const satisfies readonly EnsembleName[]

interface TierTimes {
  readonly ensemble: EnsembleName
  readonly times: readonly AttackTime[]
}

/**
 * A table of how many points of accuracy each tier leaves above `standard`, and of its shares of the time and of the
 * passes.
 */
export function tierReport(title: string, images: number, found: readonly TierTimes[]): string {
  const whole = sumsOf(found.at(-1)!)
  const lines = found.map((tier) => {
    const { held, seconds, passes } = sumsOf(tier)
    const gap = (100 * (held - whole.held)) / images
    const shares = [seconds / whole.seconds, passes / whole.passes].map((share) => share.toFixed(3))
    return `| ${[tier.ensemble, held, gap.toFixed(1), seconds.toFixed(1), ...shares, (passes / images).toFixed(0)].join(' | ')} |`
  })
  return [
    `\n${title}: ${images} digits\n`,
    "| tier | held | gap, points | s | share of standard's time | of its passes | equivalents an image |",
    '| --- | --- | --- | --- | --- | --- | --- |',
    ...lines,
  ].join('\n')
}

function sumsOf({ times }: TierTimes) {
  const sum = (of: (time: AttackTime) => number) => times.reduce((total, time) => total + of(time), 0)
  return {
    held: times.at(-1)!.held.length,
    seconds: sum(({ seconds }) => seconds),
    passes: sum(({ forwards, backwards }) => forwards + backwards),
  }
}
