import type { StudyProtocolAnalysis } from '@gauntlet/analysis'

/** What the ranking of a protocol hangs on, in sentences. */
export function stabilityOf(analysis: StudyProtocolAnalysis, staysFirst: number | null): string[] {
  const { rankBounds } = analysis
  return [
    ...chanceSentences(analysis),
    ...(rankBounds.missing > 0 && rankBounds.refused
      ? [
          'Missing numbers could change the order, so there is no ranking of all configurations, only of the complete ones.',
        ]
      : []),
    ...(staysFirst === null
      ? []
      : [`The first stays first in ${(100 * staysFirst).toFixed(1)} % of the draws of seeds and images.`]),
  ]
}

/** How many numbers are at chance, of those that can be judged: the classes of a dataset have to be known for it. */
function chanceSentences({ chanceTies, datasets }: StudyProtocolAnalysis): string[] {
  const { tied, cells, factor, agreement, moved, datasetsWithoutClasses: unknown } = chanceTies
  // Every dataset has as many numbers of ranked configurations as any other.
  const judged = (cells / datasets.length) * (datasets.length - unknown.length)
  const which = unknown.length > 0 ? 'those that could be judged' : 'ranked configurations'
  return [
    ...(unknown.length > 0 ? [unjudgedSentence(unknown)] : []),
    ...(tied > 0
      ? [
          `${tied} of ${judged} numbers of ${which} are at most ${factor} times chance. If they count as ties, ${moved.length} configurations change their rank` +
            `${agreement === null ? '' : ` and the two rankings agree with Spearman’s r ${agreement.toFixed(3)}`}.`,
        ]
      : judged > 0
        ? [`None of the ${judged} numbers of ${which} is at most ${factor} times chance.`]
        : []),
  ]
}

function unjudgedSentence(datasets: readonly string[]): string {
  const names = datasets.join(', ')
  return `How many classes ${names} ${datasets.length === 1 ? 'has' : 'have'} is not known here, so whether numbers on ${datasets.length === 1 ? 'it' : 'them'} are at chance could not be judged.`
}
