import type { RankUncertainty, StudyProtocolAnalysis } from '@gauntlet/analysis'
import { cellsAnchor, decimals, exact, interval, percentage, words, type Cell, type Table } from './table.ts'

/** The three best of each size class (the paper's podium table). */
export function podiumTable(protocol: string, { podium }: StudyProtocolAnalysis): Table {
  return {
    id: `${protocol}/podium`,
    title: `Podium, ${protocol}`,
    note: 'The three best of each size class by Borda, with their rank among all configurations of the protocol.',
    columns: [
      { key: 'size', heading: 'size class' },
      { key: 'place', heading: 'place', isNumeric: true },
      { key: 'backbone', heading: 'backbone' },
      { key: 'loss', heading: 'loss' },
      { key: 'borda', heading: 'Borda', isNumeric: true },
      { key: 'rank', heading: 'rank', isNumeric: true },
    ],
    rows: Object.entries(podium).flatMap(([size, places]) =>
      places.map(({ place, backbone, loss, borda, globalRank }) => ({
        key: `${size}/${place}`,
        cells: [
          words(size),
          exact(place),
          linked(backbone, protocol, loss),
          words(loss),
          exact(borda),
          exact(globalRank),
        ],
      })),
    ),
  }
}

/**
 * All complete configurations with their scores, and how far their ranks hang on seeds and images where outcomes were
 * resampled.
 */
export function rankingTable(
  protocol: string,
  { ranking, chanceTies }: StudyProtocolAnalysis,
  uncertainty: RankUncertainty | null,
): Table {
  const tied = new Map(chanceTies.moved.map((one) => [`${one.backbone}/${one.loss}`, one.rankWithTies]))
  const hasFewerSeeds = ranking.some(({ seeds, ofSeeds }) => seeds < ofSeeds)
  const resampled = new Map(uncertainty?.configurations.map((one) => [`${one.backbone}/${one.loss}`, one]))
  return {
    id: `${protocol}/ranking`,
    title: `Ranking, ${protocol}`,
    note:
      'Configurations of which every seed has all its numbers, the best first. “Ties at chance” is the rank when numbers up to 2.5 times chance count as equal.' +
      (uncertainty ? resamplingNote(uncertainty) : ''),
    columns: [
      { key: 'backbone', heading: 'backbone' },
      { key: 'loss', heading: 'loss' },
      { key: 'size', heading: 'size' },
      { key: 'rank', heading: 'rank', isNumeric: true },
      { key: 'borda', heading: 'Borda', isNumeric: true },
      { key: 'sum', heading: 'sum', isNumeric: true },
      { key: 'geometric', heading: 'geometric', isNumeric: true },
      { key: 'rank-with-ties', heading: 'ties at chance', isNumeric: true },
      ...(hasFewerSeeds ? [{ key: 'seeds', heading: 'seeds', isNumeric: true }] : []),
      ...(uncertainty
        ? [
            { key: 'rank-interval', heading: 'rank, 95 %', isNumeric: true },
            { key: 'first', heading: 'first, %', isNumeric: true },
          ]
        : []),
    ],
    rows: ranking.map(({ backbone, loss, size, rank, borda, sum, geometric, seeds, ofSeeds }) => {
      const key = `${backbone}/${loss}`
      const draws = resampled.get(key)
      return {
        key,
        cells: [
          linked(backbone, protocol, loss),
          words(loss),
          words(size),
          exact(rank),
          exact(borda),
          decimals(sum, 3),
          decimals(geometric, 5),
          exact(tied.get(key) ?? rank),
          ...(hasFewerSeeds ? [words(`${seeds} of ${ofSeeds}`)] : []),
          ...(uncertainty ? [interval(draws?.rankInterval, String), percentage(draws?.firstShare)] : []),
        ],
      }
    }),
  }
}

function resamplingNote({ draws, leftOut }: RankUncertainty): string {
  const note = ` “Rank, 95 %” and “first” are over ${draws} draws of seeds, then images.`
  if (leftOut.length === 0) return note
  const names = leftOut.map(({ backbone, loss, reason }) => `${backbone} · ${loss} (${reason})`)
  return `${note} They are among the configurations that could be resampled, which leaves out ${names.join(', ')}.`
}

/** What missing and diverged cells leave open; null where nothing is missing. */
export function boundsTable(protocol: string, { rankBounds }: StudyProtocolAnalysis): Table | null {
  if (rankBounds.missing === 0) return null
  return {
    id: `${protocol}/bounds`,
    title: `What missing numbers leave open, ${protocol}`,
    note:
      `${rankBounds.missing === 1 ? '1 number is' : `${rankBounds.missing} numbers are`} missing, and Borda here counts incomplete configurations too. A missing accuracy may be anything from 0 to 1, that of a diverged training ` +
      `anything from 0 to chance, or to 1 where the number of classes is not known; of several seeds each counts for its share of the mean. ${rankBounds.refused ? 'The bounds of some configurations cross, so that there is no ranking of all of them.' : 'No bounds cross.'}`,
    columns: [
      { key: 'backbone', heading: 'backbone' },
      { key: 'loss', heading: 'loss' },
      { key: 'missing', heading: 'missing', isNumeric: true },
      { key: 'complete-seeds', heading: 'complete seeds', isNumeric: true },
      { key: 'score', heading: 'Borda, worst to best case', isNumeric: true },
      { key: 'rank', heading: 'rank, best to worst case', isNumeric: true },
    ],
    rows: rankBounds.configurations.map(({ backbone, loss, missing, seeds, completeSeeds, score, rank }) => ({
      key: `${backbone}/${loss}`,
      cells: [
        words(backbone),
        words(loss),
        exact(missing),
        words(`${completeSeeds} of ${seeds}`),
        interval(score, String),
        interval(rank, String),
      ],
    })),
  }
}

/** The name of a backbone, which leads to the numbers of its configuration. */
function linked(backbone: string, protocol: string, loss: string): Cell {
  return { text: backbone, origin: cellsAnchor(protocol, backbone, loss) }
}
