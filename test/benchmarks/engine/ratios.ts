import { median, type BackboneResult, type Results, type SideResult, type WorkResult } from './results.ts'
import { works, type Work } from './side.ts'
import { sideNames } from './sides.ts'

const ours: string = sideNames.gauntlet

/**
 * The ratios of Gauntlet's speed to that of the other sides, for one work of one backbone. They are medians over the
 * rounds; above 1 Gauntlet is faster.
 */
export interface Ratios {
  readonly backbone: BackboneResult
  readonly work: WorkResult
  /** The ratio for each side that did the work. */
  readonly over: ReadonlyMap<string, number>
  readonly overBest: number | undefined
}

/** The ratios of one work, for each backbone. */
export function ratiosOf({ backbones }: Results, work: Work): Ratios[] {
  return backbones.flatMap((backbone) => {
    const result = backbone.works.find((one) => one.work === work)
    return result ? [{ backbone, work: result, ...overOthers(result) }] : []
  })
}

function overOthers({ sides }: WorkResult): Pick<Ratios, 'over' | 'overBest'> {
  const own = sides.find(({ side, failure }) => side === ours && failure === undefined)
  const pairs = sides.flatMap((side) => {
    const ratios = own && side !== own ? ratiosByRound(side, own) : []
    return ratios.length === 0 ? [] : [[side.side, median(ratios)] as const]
  })
  return { over: new Map(pairs), overBest: pairs.length > 0 ? Math.min(...pairs.map(([, ratio]) => ratio)) : undefined }
}

/**
 * The ratios of turns that followed each other. A shared machine changes its speed during a run, so medians of whole
 * runs would compare different minutes.
 */
function ratiosByRound({ milliseconds, failure }: SideResult, own: SideResult): number[] {
  if (failure !== undefined) return []
  return milliseconds.slice(0, own.milliseconds.length).map((time, round) => time / own.milliseconds[round]!)
}

/** The geometric mean; undefined for no values. */
export function geometricMean(values: readonly number[]): number | undefined {
  if (values.length === 0) return undefined
  return Math.exp(values.reduce((sum, value) => sum + Math.log(value), 0) / values.length)
}

/** The ratio of Gauntlet's peak of memory to that of each other side. `of` says which peak. */
export function memoryRatios(work: WorkResult, of: 'whole' | 'firstStart' | 'steps' | 'loaded'): Map<string, number> {
  const bytes = (side: SideResult | undefined) => side?.memory?.[of === 'firstStart' ? 'whole' : of] || undefined
  const own = work.sides.find(({ side }) => side === ours)?.memory?.[of] || undefined
  return new Map(
    work.sides.flatMap((side) => {
      const theirs = side.side === ours ? undefined : bytes(side)
      return own && theirs ? [[side.side, own / theirs] as const] : []
    }),
  )
}

/** The aims of the engine. */
const aims = { best: 1, meanOverEager: 1.2, memory: 1.1, programSeconds: 10 } as const

/** What misses the aims, and what was not measured, in one sentence each; the worst of each kind comes first. */
export function shortfalls(results: Results): string[] {
  const all = works.flatMap((work) => ratiosOf(results, work))
  return [
    ...means(results),
    ...all
      .filter(({ overBest }) => overBest !== undefined && overBest < aims.best)
      .sort((one, other) => one.overBest! - other.overBest!)
      .map(
        ({ backbone, work, overBest }) => `${backbone.id}, ${work.work}: ${overBest!.toFixed(2)} of the best PyTorch`,
      ),
    ...all.flatMap(({ backbone, work }) => [...heavy(backbone, work), ...slowPrograms(backbone, work)]),
    ...all.flatMap(({ backbone, work }) =>
      work.sides.flatMap(({ side, failure }) => (failure ? [`${backbone.id}, ${work.work}, ${side}: ${failure}`] : [])),
    ),
    ...(results.complete ? [] : ['The run was interrupted: what is missing here was not measured.']),
  ]
}

function means(results: Results): string[] {
  return works.flatMap((work) => {
    const mean = geometricMean(ratiosOf(results, work).flatMap(({ over }) => over.get(sideNames.eager) ?? []))
    if (mean === undefined || mean >= aims.meanOverEager) return []
    return [`${work}: geometric mean over PyTorch eager ${mean.toFixed(2)}, to be ${aims.meanOverEager}`]
  })
}

function heavy({ id }: BackboneResult, work: WorkResult): string[] {
  const ratios = [...memoryRatios(work, 'whole').values()]
  const most = Math.max(...ratios)
  return ratios.length > 0 && most > aims.memory
    ? [`${id}: peak memory of the training step ${most.toFixed(2)} times the leanest PyTorch's`]
    : []
}

function slowPrograms({ id }: BackboneResult, { work, sides }: WorkResult): string[] {
  const programs = sides.find(({ side }) => side === ours)?.prepared?.programs ?? []
  const seconds = programs.reduce((sum, program) => sum + program.seconds, 0)
  return seconds > aims.programSeconds ? [`${id}, ${work}: capturing and compiling took ${seconds.toFixed(1)} s`] : []
}
