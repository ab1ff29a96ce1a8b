import { spearman, type Correlation } from '../statistics/correlation.ts'
import { linearRegression, type LinearRegression } from '../statistics/linear-regression.ts'
import { grouped } from '../statistics/moments.ts'
import { onDatasets, type ProtocolTable } from './protocol-table.ts'
import { rankTable } from './rank.ts'

/** How well the sums under a cheap protocol tell those under another. */
export interface ProxyFit {
  readonly configurations: number
  readonly spearman: Correlation | null
  /** Sum under the reference protocol on sum under the cheap one. */
  readonly regression: LinearRegression | null
}

/** A cheap protocol as a proxy of a reference protocol. */
export interface Proxy {
  readonly reference: string
  /** The datasets that both protocols have: the sums are over these. */
  readonly datasets: readonly string[]
  readonly points: readonly ProxyPoint[]
  readonly all: ProxyFit
  readonly byLoss: Readonly<Record<string, ProxyFit>>
}

/** The sums of a configuration under both protocols, over the datasets that both have. */
export interface ProxyPoint {
  readonly backbone: string
  readonly loss: string
  readonly cheap: number
  readonly reference: number
}

/**
 * A cheap protocol as a proxy of a reference (FFT-5 or LP-50 of FFT-50): Spearman's correlation of the summed scores
 * of the configurations that both have, and the regression line (`paper_figure8` of the authors' pipeline). Sums are
 * over the datasets that both have, since a sum over more datasets says nothing of one over fewer. Null where they
 * share none.
 */
export function proxy(cheap: ProtocolTable, reference: ProtocolTable): Proxy | null {
  const datasets = cheap.datasets.filter((dataset) => reference.datasets.includes(dataset))
  if (datasets.length === 0) return null
  const keyOf = ({ backbone, loss }: { backbone: string; loss: string }) => JSON.stringify([backbone, loss])
  const sums = new Map(rankTable(onDatasets(reference, datasets), 'sum').ranked.map((item) => [keyOf(item), item.sum]))
  const points = rankTable(onDatasets(cheap, datasets), 'sum').ranked.flatMap((item): ProxyPoint[] => {
    const sum = sums.get(keyOf(item))
    return sum === undefined ? [] : [{ backbone: item.backbone, loss: item.loss, cheap: item.sum, reference: sum }]
  })
  const byLoss = [...grouped(points, ({ loss }) => loss)].map(([loss, items]) => [loss, fitOf(items)] as const)
  return {
    reference: reference.protocol,
    datasets,
    points,
    all: fitOf(points),
    byLoss: Object.fromEntries(byLoss),
  }
}

function fitOf(points: readonly ProxyPoint[]): ProxyFit {
  const x = points.map(({ cheap }) => cheap)
  const y = points.map(({ reference }) => reference)
  return { configurations: points.length, spearman: spearman(x, y), regression: linearRegression(x, y) }
}
