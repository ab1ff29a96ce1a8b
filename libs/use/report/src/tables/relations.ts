import type { ProxyFit, StudyProtocolAnalysis } from '@gauntlet/analysis'
import { decimals, exact, interval, pValue, words, type Row, type Table } from './table.ts'

/** Spearman's correlation of every pair of perturbations. */
export function correlationMatrixTable(protocol: string, { correlations }: StudyProtocolAnalysis): Table {
  const { perturbations, matrix } = correlations
  return {
    id: `${protocol}/correlation`,
    title: `Correlations of the perturbations, ${protocol}`,
    note: 'Spearman, over all configurations and datasets.',
    columns: [
      { key: 'perturbation', heading: 'perturbation' },
      ...perturbations.map((name) => ({ key: name, heading: name, isNumeric: true })),
    ],
    rows: perturbations.map((name, i) => ({
      key: name,
      cells: [words(name), ...matrix[i]!.map((cell) => decimals(cell?.r, 3))],
    })),
  }
}

/** The mean absolute correlation by group, pooled and within each dataset. */
export function groupCorrelationsTable(protocol: string, { correlations, datasets }: StudyProtocolAnalysis): Table {
  return {
    id: `${protocol}/correlation-means`,
    title: `Mean absolute correlation by group, ${protocol}`,
    note: 'The mean of |Spearman’s r| over the pairs of perturbations: over all datasets at once, within each, and the mean of those.',
    columns: [
      { key: 'group', heading: 'group' },
      { key: 'pooled', heading: 'pooled', isNumeric: true },
      ...datasets.map((dataset) => ({ key: dataset, heading: dataset, isNumeric: true })),
      { key: 'mean', heading: 'mean of datasets', isNumeric: true },
    ],
    rows: correlations.groups.map(({ factor, level, pooled, byDataset, meanOverDatasets }) => ({
      key: factor === null ? level : `${factor}/${level}`,
      cells: [
        words(factor === null ? 'all' : `${factor}: ${level}`),
        decimals(pooled, 3),
        ...datasets.map((dataset) => decimals(byDataset[dataset], 3)),
        decimals(meanOverDatasets, 3),
      ],
    })),
  }
}

/** The odds that TRADES beats Classic AT on the same backbone. */
export function lossOddsTable(protocol: string, { lossOdds }: StudyProtocolAnalysis): Table {
  const compared = lossOdds.filter(({ wins, losses, ties }) => wins + losses + ties > 0)
  return {
    id: `${protocol}/loss-odds`,
    title: `Odds that TRADES beats Classic AT, ${protocol}`,
    note:
      'Backbones for which TRADES has the higher score, against those for which Classic AT has it; exact sign test, Holm within ' +
      'a factor. The last two columns are the paper’s: its odds ratio is the square of the odds, its test counts every backbone twice.',
    columns: [
      { key: 'group', heading: 'group' },
      { key: 'by', heading: 'score' },
      { key: 'wins', heading: 'wins', isNumeric: true },
      { key: 'losses', heading: 'losses', isNumeric: true },
      { key: 'odds', heading: 'odds', isNumeric: true },
      { key: 'interval', heading: '95 %', isNumeric: true },
      { key: 'p', heading: 'p', isNumeric: true },
      { key: 'holm', heading: 'p, Holm', isNumeric: true },
      { key: 'published-odds-ratio', heading: 'paper’s ratio', isNumeric: true },
      { key: 'published-p', heading: 'paper’s p', isNumeric: true },
    ],
    rows: compared.map(({ by, factor, level, wins, losses, odds, interval: ends, pValue: p, ...rest }) => ({
      key: `${by}/${factor === null ? '' : `${factor}/`}${level}`,
      cells: [
        words(factor === null ? 'all' : `${factor}: ${level}`),
        words(by),
        exact(wins),
        exact(losses),
        wins > 0 && losses === 0 ? words('∞') : decimals(odds, 2),
        interval(ends, (end) => end.toFixed(2)),
        pValue(p),
        pValue(rest.adjustedPValue),
        wins > 0 && losses === 0 ? words('∞') : decimals(rest.published.oddsRatio, 2),
        pValue(rest.published.pValue),
      ],
    })),
  }
}

/** How much likelier the configurations of a level are to be in the top tier of their size class. */
export function tierOddsTable(protocol: string, { tierOdds }: StudyProtocolAnalysis): Table {
  return {
    id: `${protocol}/tier-odds`,
    title: `Odds of the top tier, ${protocol}`,
    note: 'The third with the highest sum in each size class; odds ratio against the rest of the class, by Wald’s test.',
    columns: [
      { key: 'group', heading: 'group' },
      { key: 'size', heading: 'size class' },
      { key: 'in', heading: 'in tier', isNumeric: true },
      { key: 'out', heading: 'not in tier', isNumeric: true },
      { key: 'odds-ratio', heading: 'odds ratio', isNumeric: true },
      { key: 'interval', heading: '95 %', isNumeric: true },
      { key: 'p', heading: 'p', isNumeric: true },
    ],
    rows: tierOdds.map(({ size, factor, level, inTier, notInTier, odds }) => ({
      key: `${size}/${factor}/${level}`,
      cells: [
        words(`${factor}: ${level}`),
        words(size),
        exact(inTier),
        exact(notInTier),
        decimals(odds?.oddsRatio, 2),
        interval(odds?.interval, (end) => end.toPrecision(2)),
        pValue(odds?.pValue),
      ],
    })),
  }
}

/** A cheap protocol as a proxy of the reference; null where there is nothing to compare. */
export function proxyTable(protocol: string, { proxy }: StudyProtocolAnalysis): Table | null {
  if (!proxy) return null
  const fits: [string, ProxyFit][] = [['all', proxy.all], ...Object.entries(proxy.byLoss)]
  return {
    id: `${protocol}/proxy`,
    title: `${protocol} as a proxy of ${proxy.reference}`,
    note: `Sum under ${proxy.reference} against sum under ${protocol}, over the datasets that both have (${proxy.datasets.join(', ')}), of the configurations that have all numbers of both there.`,
    columns: [
      { key: 'loss', heading: 'loss' },
      { key: 'configurations', heading: 'configurations', isNumeric: true },
      { key: 'spearman', heading: 'Spearman’s r', isNumeric: true },
      { key: 'p', heading: 'p', isNumeric: true },
      { key: 'slope', heading: 'slope', isNumeric: true },
      { key: 'slope-interval', heading: 'slope, 95 %', isNumeric: true },
      { key: 'intercept', heading: 'intercept', isNumeric: true },
      { key: 'r-squared', heading: 'R²', isNumeric: true },
    ],
    rows: fits.map(([loss, fit]) => proxyRow(loss, fit)),
  }
}

function proxyRow(loss: string, { configurations, spearman, regression }: ProxyFit): Row {
  return {
    key: loss,
    cells: [
      words(loss),
      exact(configurations),
      decimals(spearman?.r, 3),
      pValue(spearman?.pValue),
      decimals(regression?.slope.value, 3),
      interval(regression?.slope.interval, (end) => end.toFixed(3)),
      decimals(regression?.intercept.value, 3),
      decimals(regression?.rSquared, 3),
    ],
  }
}
