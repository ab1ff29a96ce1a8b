import type { BackboneSpeed, PlannedStage } from '@gauntlet/contract'
import type { MeasuredAttempt } from '@gauntlet/ledger'
import { multiplyAccumulates, stageCosts, type Configuration, type Perturbation, type StageCost } from '@gauntlet/study'
import { costOf } from './plan-study.ts'
import { median, priceOf, type PriceBasis } from './price.ts'

/**
 * What the price of a stage is based on, the surest first. `attempts`: attempts at such stages of the same backbone.
 * The others are those of `priceOf`, which attempts of other backbones correct where there are any.
 */
export const stagePriceBases = ['attempts', 'measured', 'another resolution', 'other backbones'] as const
export type StagePriceBasis = (typeof stagePriceBases)[number]
'attempts' satisfies Exclude<StagePriceBasis, PriceBasis>

/** The seconds that a stage takes on one device, and between which they probably are. */
export interface StagePrice {
  readonly seconds: number
  readonly low: number
  readonly high: number
  readonly basis: StagePriceBasis
}

/**
 * By how much prices were off, as factors (test/benchmarks/LOG.md). `uncorrected`: by speeds alone; it is lower where
 * images fall early, for which attacks take less.
 */
const spreads = {
  fewAttempts: 1.3,
  corrected: 1.3,
  uncorrected: { low: 2, high: 1.3 },
  scaled: 1.6,
  otherBackbones: 2.5,
} as const
const [leastSpread, mostSpread] = [1.1, 3]

/** Attempts at stages of one kind and one backbone. */
interface Group {
  readonly kind: string
  /** Seconds for each unit of expected work. */
  readonly rates: number[]
  /** Seconds for each multiply-accumulate. */
  readonly ratesByWork: number[]
  /** Whether the unit is a second by the speeds of the backbone. */
  readonly hasSpeeds: boolean
}

/** Prices stages by the attempts in the ledger and by the measured speeds of the devices that will run them. */
export class StagePrices {
  private readonly groups = new Map<string, Group>()
  private readonly shared = new Map<string, number[]>()

  constructor(
    private readonly speeds: readonly BackboneSpeed[],
    attempts: readonly MeasuredAttempt[],
    { countsCpuTime = false }: { readonly countsCpuTime?: boolean } = {},
  ) {
    for (const attempt of attempts) this.add(countsCpuTime ? byCpuTime(attempt) : attempt)
  }

  /** The price of a planned stage; null where nothing says what it takes, or its dataset's size is not known yet. */
  of(planned: PlannedStage): StagePrice | null {
    const cost = costOf(planned)
    const configuration = planned.configurations[0]!
    if (!cost?.passes) return null
    if (cost.forwards === 0) return this.ofShared(planned.stage)
    const expected = this.expected(cost, configuration)
    const kind = kindOf(planned.stage, planned.perturbation)
    const own = this.groups.get(`${configuration.backbone.id} ${kind}`)
    if (own && expected) {
      const seconds = expected.amount * median(own.rates)
      return within(seconds, spreadOf(own.rates), 'attempts')
    }
    const alike = [...this.groups.values()].filter((group) => group.kind === kind)
    return this.byOthers(cost, configuration, alike)
  }

  /** Where this backbone was not attempted: by its speeds, else by the work of those that were. */
  private byOthers(cost: StageCost, configuration: Configuration, alike: readonly Group[]): StagePrice | null {
    const bySpeed = priceOf({ ...cost.passes!, stage: cost.stage }, configuration, this.speeds)
    if (bySpeed && bySpeed.basis !== 'other backbones') {
      const factors = alike.filter(({ hasSpeeds }) => hasSpeeds).map(({ rates }) => median(rates))
      const seconds = bySpeed.seconds * (factors.length > 0 ? median(factors) : 1)
      if (bySpeed.basis === 'another resolution') return within(seconds, spreads.scaled, bySpeed.basis)
      if (factors.length > 0) return within(seconds, spreads.corrected, bySpeed.basis)
      const { low, high } = spreads.uncorrected
      return { seconds, low: seconds / low, high: seconds * high, basis: bySpeed.basis }
    }
    const work = workOf(cost, configuration)
    const rates = alike.flatMap(({ ratesByWork }) => (ratesByWork.length > 0 ? [median(ratesByWork)] : []))
    if (work !== null && rates.length > 0)
      return within(work * median(rates), spreads.otherBackbones, 'other backbones')
    return bySpeed && within(bySpeed.seconds, spreads.otherBackbones, 'other backbones')
  }

  /** Stages that compute nothing: they take what they took before, or nothing that is known. */
  private ofShared(stage: string): StagePrice {
    const seconds = median(this.shared.get(stage) ?? [0])
    return within(seconds, mostSpread, 'attempts')
  }

  private add({ stage, configuration, perturbation, seconds }: MeasuredAttempt): void {
    if (configuration === null) {
      this.shared.set(stage, [...(this.shared.get(stage) ?? []), seconds])
      return
    }
    const cost = stageCosts(configuration, perturbation ? [perturbation] : []).find((each) => each.stage === stage)
    const expected = cost && this.expected(cost, configuration)
    if (!expected) return
    const kind = kindOf(stage, perturbation ?? undefined)
    const key = `${configuration.backbone.id} ${kind}`
    const { isSeconds: hasSpeeds } = expected
    const empty: Group = { kind, rates: [], ratesByWork: [], hasSpeeds }
    const group = this.groups.get(key) ?? empty
    this.groups.set(key, group)
    group.rates.push(seconds / expected.amount)
    const work = workOf(cost, configuration)
    if (work !== null) group.ratesByWork.push(seconds / work)
  }

  /** What a stage should take: seconds by the speeds of its backbone, else an amount in proportion to its passes. */
  private expected(
    { stage, passes, forwards }: StageCost,
    configuration: Configuration,
  ): { readonly amount: number; readonly isSeconds: boolean } | null {
    if (!passes || !forwards) return null
    const price = priceOf({ ...passes, stage }, configuration, this.speeds)
    if (price && price.basis !== 'other backbones') return { amount: price.seconds, isSeconds: true }
    return { amount: forwards * configuration.dataset.resolution ** 2, isSeconds: false }
  }
}

/** The attempt as if it had had its core to itself. Stages that compute nothing wait for other things. */
function byCpuTime(attempt: MeasuredAttempt): MeasuredAttempt {
  const { configuration, usage, seconds } = attempt
  return configuration && usage ? { ...attempt, seconds: Math.min(seconds, usage.cpuSeconds) } : attempt
}

/** Stages of one kind take the same share of what their passes cost. */
function kindOf(stage: string, perturbation: Perturbation | undefined): string {
  return perturbation ? `${stage} ${perturbation.name} ${perturbation.evaluator.name}` : stage
}

/** The multiply-accumulates of a stage; null where they are not known. */
function workOf({ forwards }: StageCost, { backbone, dataset }: Configuration): number | null {
  const each = multiplyAccumulates(backbone.id, dataset.resolution)
  return each !== null && forwards ? forwards * each : null
}

function within(seconds: number, spread: number, basis: StagePriceBasis): StagePrice {
  return { seconds, low: seconds / spread, high: seconds * spread, basis }
}

/** The factor by which attempts alike differ from their median, four of five of them. */
function spreadOf(rates: readonly number[]): number {
  if (rates.length < 3) return spreads.fewAttempts
  const middle = median(rates)
  const factors = rates.map((rate) => Math.exp(Math.abs(Math.log(rate / middle)))).sort((a, b) => a - b)
  const spread = factors[Math.min(factors.length - 1, Math.floor(0.8 * factors.length))]!
  return Math.min(mostSpread, Math.max(leastSpread, spread))
}
