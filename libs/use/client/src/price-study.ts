import { duration } from '@gauntlet/analysis'
import type { PlannedStage } from '@gauntlet/contract'
import type { StageName } from '@gauntlet/study'
import type { KeptSpeed } from './device-speeds.ts'
import { costOf } from './plan-study.ts'
import { priceOf, type PriceBasis } from './price.ts'

/** The time that one device needs for the rest of a study, at most, and what that estimate is based on. */
export interface StudyPrice {
  /** Null where nothing was measured, or the size of a dataset is not known yet. */
  readonly deviceHours: number | null
  /** Seconds of the stages of each name that are still to run. */
  readonly secondsByStage: Partial<Record<StageName, number | null>>
  /** The backbones by what their prices are based on. */
  readonly backbonesBy: Readonly<Record<PriceBasis, readonly string[]>>
  /** When the oldest of the speeds was measured, and on what; null where nothing was. */
  readonly measured: { readonly device: string; readonly since: string } | null
  /** The backbones and resolutions that are still to run, and that a measurement should cover. */
  readonly wanted: { readonly backbones: readonly string[]; readonly resolutions: readonly number[] }
}

/** Prices what a plan leaves to run by the kept speeds of the devices that will run it. */
export function priceStudy(stages: readonly PlannedStage[], speeds: readonly KeptSpeed[]): StudyPrice {
  const secondsByStage: Partial<Record<StageName, number | null>> = {}
  const backbonesBy: Record<PriceBasis, Set<string>> = {
    measured: new Set(),
    'another resolution': new Set(),
    'other backbones': new Set(),
  }
  const working = stages.filter((planned) => planned.state === 'open' && costOf(planned)?.forwards !== 0)
  for (const planned of working) {
    const configuration = planned.configurations[0]!
    const passes = costOf(planned)?.passes ?? null
    const price = passes && priceOf(passes, configuration, speeds)
    secondsByStage[planned.stage] = plus(
      secondsByStage[planned.stage] ?? (planned.stage in secondsByStage ? null : 0),
      price,
    )
    if (price) backbonesBy[price.basis].add(configuration.backbone.id)
  }
  const total = Object.values(secondsByStage).reduce<number | null>((sum, seconds) => plus(sum, { seconds }), 0)
  const since = speeds.map(({ measuredAt }) => measuredAt).sort()[0]
  const configurations = working.flatMap((planned) => planned.configurations)
  return {
    deviceHours: total === null ? null : total / 3600,
    secondsByStage,
    backbonesBy: {
      measured: [...backbonesBy.measured],
      'another resolution': [...backbonesBy['another resolution']],
      'other backbones': [...backbonesBy['other backbones']],
    },
    measured: since === undefined ? null : { device: speeds[0]!.device, since },
    wanted: {
      backbones: [...new Set(configurations.map(({ backbone }) => backbone.id))],
      resolutions: [...new Set(configurations.map(({ dataset }) => dataset.resolution))],
    },
  }
}

/** One or two sentences: the time, what it is based on, and how to measure it. */
export function priceSentence({ deviceHours, backbonesBy, measured, wanted }: StudyPrice): string {
  const [resolution, ...more] = wanted.resolutions
  const side = resolution === undefined || more.length > 0 ? '' : ` --resolution ${resolution}`
  const measure = `gauntlet doctor --bench --backbones ${wanted.backbones.slice(0, 4).join(',')}${side}`
  if (!measured)
    return `The time is not known, because the device of these workers was not measured. Measure it: ${measure}`
  if (deviceHours === null) return 'The time is not known before the datasets are prepared.'
  const guesses = [
    guess(
      backbonesBy['another resolution'],
      'by its pixels from another resolution',
      'by their pixels from other resolutions',
    ),
    guess(
      backbonesBy['other backbones'],
      'by its multiply-accumulates from others',
      'by their multiply-accumulates from others',
    ),
  ].filter((text) => text !== '')
  const basis = `by speeds measured since ${measured.since.slice(0, 10)} on ${measured.device}`
  const sentence = `At most about ${duration(deviceHours * 3600)} on one such device, without starting and capturing, ${basis}.`
  return guesses.length === 0
    ? sentence
    : `${sentence} ${guesses.join('; ')}, which is a rough guess; measure it: ${measure}`
}

function guess(backbones: readonly string[], ofOne: string, ofMany: string): string {
  if (backbones.length === 0) return ''
  return backbones.length === 1
    ? `${backbones[0]} is priced ${ofOne}`
    : `${backbones.length} backbones are priced ${ofMany}`
}

function plus(sum: number | null, more: { readonly seconds: number | null } | null): number | null {
  return sum === null || more === null || more.seconds === null ? null : sum + more.seconds
}
