import { spearman, type Correlation } from '../statistics/correlation.ts'
import { linearRegression, type LinearRegression } from '../statistics/linear-regression.ts'
import { grouped } from '../statistics/moments.ts'
import type { ScoredConfiguration } from './rank.ts'

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
  readonly all: ProxyFit
  readonly byLoss: Readonly<Record<string, ProxyFit>>
}

/**
 * A cheap protocol as a proxy of a reference (FFT-5 or LP-50 of FFT-50): Spearman's correlation of the summed scores
 * of the configurations that both have, and the regression line (`paper_figure8` of the authors' pipeline).
 */
export function proxy(
  cheap: readonly ScoredConfiguration[],
  reference: { readonly protocol: string; readonly ranked: readonly ScoredConfiguration[] },
): Proxy {
  const keyOf = ({ backbone, loss }: ScoredConfiguration) => JSON.stringify([backbone, loss])
  const sums = new Map(reference.ranked.map((item) => [keyOf(item), item.sum]))
  const shared = cheap.filter((item) => sums.has(keyOf(item)))
  const fit = (items: readonly ScoredConfiguration[]): ProxyFit => {
    const x = items.map(({ sum }) => sum)
    const y = items.map((item) => sums.get(keyOf(item))!)
    return { configurations: items.length, spearman: spearman(x, y), regression: linearRegression(x, y) }
  }
  const byLoss = [...grouped(shared, ({ loss }) => loss)].map(([loss, items]) => [loss, fit(items)] as const)
  return { reference: reference.protocol, all: fit(shared), byLoss: Object.fromEntries(byLoss) }
}
