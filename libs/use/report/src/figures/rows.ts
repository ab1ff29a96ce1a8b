import type { LossOdds, RankUncertainty, StudyProtocolAnalysis } from '@gauntlet/analysis'
import { idOf } from '../html/escape.ts'
import { horizontalAxis, legend, mark, styleOf } from './marks.ts'
import { linearScale, logScale } from './scale.ts'
import { element, figureOf, textAt, widthOf, type Figure } from './svg.ts'

const width = 760
const rowHeight = 18
const axisHeight = 44

/** Room for labels on the left of a figure. */
function labelWidth(labels: readonly string[]): number {
  return Math.max(...labels.map(widthOf)) + 14
}

/** The Borda scores of every backbone, a mark for each loss. */
export function rankingFigure(
  protocol: string,
  { ranking }: StudyProtocolAnalysis,
  uncertainty: RankUncertainty | null,
): Figure | null {
  if (ranking.length < 2) return null
  const backbones = [...new Set(ranking.map(({ backbone }) => backbone))]
  const losses = [...new Set(ranking.map(({ loss }) => loss))].sort()
  const intervals = new Map(
    uncertainty?.configurations.map((one) => [`${one.backbone}/${one.loss}`, one.scoreInterval]),
  )
  const ends = [...ranking.map(({ borda }) => borda), ...[...intervals.values()].flat()]
  const left = labelWidth(backbones)
  const scale = linearScale(Math.min(...ends), Math.max(...ends), left, width - 20)
  const top = 30
  const bottom = top + backbones.length * rowHeight
  const rows = backbones.map((backbone, i) => {
    const y = top + (i + 0.5) * rowHeight
    const own = ranking.filter((one) => one.backbone === backbone)
    const xs = own.map(({ borda }) => scale.at(borda))
    const line = { x1: Math.min(...xs), x2: Math.max(...xs), y1: y, y2: y, stroke: '#999' }
    return [
      textAt(left - 8, y + 4, backbone, 'end'),
      element('line', line),
      ...own.map(({ loss }) => whisker(intervals.get(`${backbone}/${loss}`), scale.at, y, losses.indexOf(loss))),
      ...own.map(({ borda, loss }) => {
        const isCovered = own.some(
          (other) => other.loss !== loss && Math.abs(scale.at(other.borda) - scale.at(borda)) < 4,
        )
        const group = losses.indexOf(loss)
        return mark(scale.at(borda), isCovered ? y + sideOf(group) : y, styleOf(group))
      }),
    ].join('')
  })
  const [first] = ranking
  const description =
    `Borda of ${ranking.length} configurations of ${protocol}, a row for each backbone, the best first, and a mark for each loss` +
    `${uncertainty ? ', with 95 % intervals of resampled seeds and images' : ''}. ` +
    `The highest is ${first!.backbone} with ${first!.loss} at ${first!.borda}.`
  return figureOf(
    { id: idOf(protocol, 'ranking-figure'), title: `Borda by backbone, ${protocol}`, description },
    { width, height: bottom + axisHeight },
    [legend(left, 18, losses), horizontalAxis(scale, bottom, top, 'Borda'), ...rows],
  )
}

function whisker(
  ends: readonly [number, number] | undefined,
  at: (value: number) => number,
  y: number,
  group: number,
): string {
  if (!ends) return ''
  const shifted = y + sideOf(group)
  const line = { x1: at(ends[0]), x2: at(ends[1]), y1: shifted, y2: shifted }
  return element('line', { ...line, stroke: styleOf(group).colour, 'stroke-width': 1.5 })
}

/** Marks and whiskers of groups that would lie on one another are moved up and down by this many pixels. */
function sideOf(group: number): number {
  return group % 2 === 0 ? -3 : 3
}

/** Mean Borda by the levels of each factor, with Tukey's letters. */
export function effectsFigure(protocol: string, { mainEffects }: StudyProtocolAnalysis): Figure | null {
  const factors = Object.entries(mainEffects).filter(([, { levels }]) => levels.length > 0)
  const levels = factors.flatMap(([factor, effect], f) =>
    effect.levels.map((level, i) => ({ ...level, label: `${factor}: ${level.level}`, f, isFirst: i === 0 })),
  )
  if (levels.length < 2) return null
  const left = labelWidth(levels.map(({ label }) => label))
  const means = levels.map(({ meanBorda }) => meanBorda)
  const scale = linearScale(Math.min(...means), Math.max(...means), left, width - 60)
  const top = 10
  const bottom = top + levels.length * rowHeight
  const rows = levels.map(({ label, meanBorda, letters, f, isFirst }, i) => {
    const y = top + (i + 0.5) * rowHeight
    const rule = { x1: 0, x2: width, y1: y - rowHeight / 2, y2: y - rowHeight / 2, stroke: '#bbb' }
    return [
      isFirst && i > 0 ? element('line', rule) : '',
      textAt(left - 8, y + 4, label, 'end'),
      mark(scale.at(meanBorda), y, styleOf(f)),
      letters === null ? '' : textAt(scale.at(meanBorda) + 10, y + 4, letters, 'start'),
    ].join('')
  })
  const description = factors
    .map(([factor, effect]) => `By ${factor} the highest mean is that of ${effect.levels[0]!.level}`)
    .join('. ')
  return figureOf(
    {
      id: idOf(protocol, 'effects-figure'),
      title: `Mean Borda by factor, ${protocol}`,
      description: `${description}.`,
    },
    { width, height: bottom + axisHeight },
    [horizontalAxis(scale, bottom, top, 'mean Borda'), ...rows],
  )
}

/** The odds that TRADES beats Classic AT by Borda, with their intervals, on a logarithmic axis. */
export function oddsFigure(protocol: string, { lossOdds }: StudyProtocolAnalysis): Figure | null {
  const shown = lossOdds.filter(({ by, wins, losses }) => by === 'borda' && wins + losses > 0)
  if (shown.length === 0) return null
  const labels = shown.map(({ factor, level }) => (factor === null ? 'all' : `${factor}: ${level}`))
  const left = labelWidth(labels)
  const scale = logScale(0.01, 100, left, width - 70)
  const top = 10
  const bottom = top + shown.length * rowHeight
  const rows = shown.map((one, i) => {
    const y = top + (i + 0.5) * rowHeight
    return textAt(left - 8, y + 4, labels[i]!, 'end') + oddsMark(one, scale.at, y)
  })
  const even = { x1: scale.at(1), x2: scale.at(1), y1: top, y2: bottom, stroke: '#000', 'stroke-dasharray': '4 3' }
  const [all] = shown
  const description = `Over all backbones TRADES has the higher Borda for ${all!.wins} and Classic AT for ${all!.losses}. The broken line marks even odds; intervals are Clopper and Pearson’s at 95 %, and marks and ends at the edges of the axis lie on it or beyond, up to infinite.`
  return figureOf(
    { id: idOf(protocol, 'odds-figure'), title: `Odds that TRADES beats Classic AT, ${protocol}`, description },
    { width, height: bottom + axisHeight },
    [horizontalAxis(scale, bottom, top, 'odds (logarithmic)'), element('line', even), ...rows],
  )
}

function oddsMark({ wins, losses, odds, interval }: LossOdds, at: (value: number) => number, y: number): string {
  const value = odds ?? Infinity
  const ends = interval ? { x1: at(interval[0]), x2: at(interval[1] ?? Infinity), y1: y, y2: y } : null
  return [
    ends ? element('line', { ...ends, stroke: styleOf(0).colour, 'stroke-width': 1.5 }) : '',
    mark(at(value), y, styleOf(0)),
    textAt(width - 58, y + 4, `${wins} : ${losses}`, 'start'),
  ].join('')
}
