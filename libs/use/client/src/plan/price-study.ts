import { duration } from '@gauntlet/analysis'
import { countsCpuTime, type PlannedStage } from '@gauntlet/contract'
import type { MeasuredAttempt } from '@gauntlet/ledger'
import type { Json, StageName } from '@gauntlet/study'
import type { KeptSpeed } from './device-speeds.ts'
import { costOf } from './plan-study.ts'
import { StagePrices, stagePriceBases, type StagePriceBasis } from './stage-prices.ts'
import { wallSeconds, type TimedStage } from './wall-time.ts'

/** What prices are made of. */
export interface PriceSources {
  readonly speeds: readonly KeptSpeed[]
  /** Attempts in the environments of the workers that will run the study. */
  readonly attempts?: readonly MeasuredAttempt[]
  /** How many devices work at the same time; 1 unless given. */
  readonly devices?: number
  /** The environment of the devices. */
  readonly environment?: Json
}

/** What the rest of a study takes, and what that estimate is based on. */
export interface StudyPrice {
  /** Hours of one device. Null where nothing was measured, or the size of a dataset is not known yet. */
  readonly deviceHours: number | null
  /** Between which they probably are; null as `deviceHours`. */
  readonly range: { readonly low: number; readonly high: number } | null
  /** Hours until the end on `devices` of them; null as `deviceHours`. */
  readonly wallHours: number | null
  readonly devices: number
  /** The most bytes of memory that a device needs; null where none of its backbones was measured. */
  readonly peakBytes: number | null
  /** How many times as long earlier attempts took as on a core of their own; null where devices are no such cores. */
  readonly slowdown: number | null
  /** Seconds of the stages of each name that are still to run. */
  readonly secondsByStage: Partial<Record<StageName, number | null>>
  /** The backbones by what their prices are based on. */
  readonly backbonesBy: Readonly<Record<StagePriceBasis, readonly string[]>>
  /** When the oldest of the speeds was measured, and on what; null where nothing was. */
  readonly measured: { readonly device: string; readonly since: string } | null
  /** How many attempts were looked at. */
  readonly attempts: number
  /** The backbones and resolutions that are still to run, and that a measurement should cover. */
  readonly wanted: { readonly backbones: readonly string[]; readonly resolutions: readonly number[] }
}

/** Prices what a plan leaves to run by the attempts in the ledger and the kept speeds of the devices. */
export function priceStudy(stages: readonly PlannedStage[], sources: PriceSources): StudyPrice {
  const { speeds, attempts = [], devices = 1, environment = {} } = sources
  const isCore = countsCpuTime(environment as object)
  const prices = new StagePrices(speeds, attempts, { countsCpuTime: isCore })
  const secondsByStage: Partial<Record<StageName, number | null>> = {}
  const backbonesBy = Object.fromEntries(stagePriceBases.map((basis) => [basis, new Set<string>()]))
  const timed: TimedStage[] = []
  let [low, high] = [0, 0]
  const open = stages.filter(({ state }) => state === 'open')
  for (const planned of open) {
    const price = prices.of(planned)
    const sum = secondsByStage[planned.stage]
    secondsByStage[planned.stage] = price === null || sum === null ? null : (sum ?? 0) + price.seconds
    if (!price) continue
    low += price.low
    high += price.high
    timed.push({ planned, seconds: price.seconds })
    if (costOf(planned)?.forwards !== 0) backbonesBy[price.basis]!.add(planned.configurations[0]!.backbone.id)
  }
  const total = Object.values(secondsByStage).reduce<number | null>(
    (sum, seconds) => (sum === null || seconds === null ? null : sum + seconds),
    0,
  )
  const working = open.filter((planned) => costOf(planned)?.forwards !== 0)
  const configurations = working.flatMap((planned) => planned.configurations)
  const since = speeds.map(({ measuredAt }) => measuredAt).sort()[0]
  return {
    deviceHours: total === null ? null : total / 3600,
    range: total === null ? null : { low: low / 3600, high: high / 3600 },
    wallHours: total === null ? null : wallSeconds(timed, devices) / 3600,
    devices,
    peakBytes: peakBytesOf(new Set(configurations.map(({ backbone }) => backbone.id)), sources),
    slowdown: isCore ? slowdownOf(attempts) : null,
    secondsByStage,
    backbonesBy: Object.fromEntries(stagePriceBases.map((basis) => [basis, [...backbonesBy[basis]!]])) as Record<
      StagePriceBasis,
      string[]
    >,
    measured: since === undefined ? null : { device: speeds[0]!.device, since },
    attempts: attempts.length,
    wanted: {
      backbones: [...new Set(configurations.map(({ backbone }) => backbone.id))],
      resolutions: [...new Set(configurations.map(({ dataset }) => dataset.resolution))],
    },
  }
}

/** How much longer attempts took than their cores worked, because others used the machine. */
function slowdownOf(attempts: readonly MeasuredAttempt[]): number | null {
  const known = attempts.filter(({ usage, configuration }) => usage && configuration)
  const [took, worked] = known.reduce(([a, b], { seconds, usage }) => [a + seconds, b + usage!.cpuSeconds], [0, 0])
  return worked > 0 ? Math.max(1, took / worked) : null
}

/** The most memory that attempts of these backbones took, or their measurement; null where one has neither. */
function peakBytesOf(backbones: ReadonlySet<string>, { speeds, attempts = [] }: PriceSources): number | null {
  const peaks = [...backbones].map((backbone) => {
    const attempted = attempts.flatMap(({ configuration, usage }) =>
      configuration?.backbone.id === backbone && usage ? [usage.peakBytes] : [],
    )
    const benched = speeds.flatMap((speed) => (speed.backbone === backbone ? (speed.peakBytes ?? []) : []))
    const known = attempted.length > 0 ? attempted : benched
    return known.length > 0 ? known.reduce((a, b) => Math.max(a, b)) : null
  })
  return (
    peaks.reduce<number | null>((most, peak) => (most === null || peak === null ? null : Math.max(most, peak)), 0) ||
    null
  )
}

/** A few sentences: the time, how sure it is, what it is based on, and how to measure it. */
export function priceSentence(price: StudyPrice): string {
  const { deviceHours, range, slowdown, wallHours, devices, peakBytes, backbonesBy, measured, attempts, wanted } = price
  const [resolution, ...more] = wanted.resolutions
  const side = resolution === undefined || more.length > 0 ? '' : ` --resolution ${resolution}`
  const measure = `npx gauntlet doctor --bench --backbones ${wanted.backbones.slice(0, 4).join(',')}${side}`
  if (deviceHours === null && !measured && attempts === 0)
    return `The time is not known, because the device of these workers was not measured. Measure it: ${measure}`
  if (deviceHours === null || range === null || wallHours === null)
    return 'The time is not known before the datasets are prepared.'
  const hours = (value: number) => duration(value * 3600)
  const many = devices === 1 ? '' : `; about ${hours(wallHours)} on ${devices} devices`
  const memory = peakBytes === null ? '' : `; about ${(peakBytes / 1e9).toFixed(1)} GB of memory each`
  const time = `About ${hours(deviceHours)} of one device, probably ${hours(range.low)} to ${hours(range.high)}${many}${memory}`
  const others =
    slowdown !== null && slowdown >= 1.2
      ? ` Earlier attempts took ${slowdown.toFixed(1)} times as long, because others used the machine.`
      : ''
  const sentence = `${time}: ${basisText(price)}.${others}`
  const isGuessed = backbonesBy['another resolution'].length + backbonesBy['other backbones'].length > 0
  return isGuessed ? `${sentence} That is a rough guess; measure it: ${measure}` : sentence
}

const basisTexts: Readonly<Record<StagePriceBasis, (backbones: string) => string>> = {
  attempts: (backbones) => `${backbones} by earlier attempts`,
  measured: (backbones) => `${backbones} by measured speeds`,
  'another resolution': (backbones) => `${backbones} by pixels from another resolution`,
  'other backbones': (backbones) => `${backbones} by multiply-accumulates from others`,
}

function basisText({ backbonesBy, measured, attempts }: StudyPrice): string {
  const parts = stagePriceBases.flatMap((basis) => {
    const backbones = backbonesBy[basis]
    if (backbones.length === 0) return []
    return [basisTexts[basis](backbones.length === 1 ? backbones[0]! : `${backbones.length} backbones`)]
  })
  const speeds = measured ? [`speeds since ${measured.since.slice(0, 10)} on ${measured.device}`] : []
  const corrected = attempts > 0 ? [`${attempts.toLocaleString('en')} attempts in the ledger`] : []
  return [...parts, ...speeds, ...corrected].join(', ')
}
