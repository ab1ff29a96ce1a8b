import type { StudyProtocolAnalysis } from '@gauntlet/analysis'
import { escapeText, idOf } from '../html/escape.ts'
import { horizontalAxis, legend, mark, styleOf, verticalAxis } from './marks.ts'
import { linearScale, type Scale } from './scale.ts'
import { element, figureOf, textAt, type Figure } from './svg.ts'

const width = 640
const frame = { left: 84, right: width - 16, top: 34, bottom: 420 }

interface Point {
  readonly x: number
  readonly y: number
  readonly group: string
  readonly name: string
}

/** Points of a few groups in a frame, each with its name for whoever points at it. */
function pointsFigure(
  facts: Omit<Figure, 'svg'>,
  points: readonly Point[],
  axes: { readonly x: string; readonly y: string },
  more: (x: Scale, y: Scale) => string = () => '',
): Figure {
  const groups = [...new Set(points.map(({ group }) => group))].sort()
  const [xs, ys] = [points.map(({ x }) => x), points.map(({ y }) => y)]
  const x = linearScale(Math.min(...xs), Math.max(...xs), frame.left, frame.right)
  const y = linearScale(Math.min(...ys), Math.max(...ys), frame.bottom, frame.top)
  const drawn = points.map(({ group, name, ...point }) => {
    const title = element('title', {}, escapeText(name))
    return element('g', {}, title + mark(x.at(point.x), y.at(point.y), styleOf(groups.indexOf(group))))
  })
  return figureOf(facts, { width, height: frame.bottom + 44 }, [
    legend(frame.left, 18, groups),
    horizontalAxis(x, frame.bottom, frame.top, axes.x),
    verticalAxis(y, frame.left, frame.right, axes.y),
    more(x, y),
    ...drawn,
  ])
}

/** Clean against robust accuracy of every complete configuration. */
export function scatterFigure(protocol: string, { scatter }: StudyProtocolAnalysis): Figure | null {
  if (scatter.length < 2) return null
  const points = scatter.map(({ backbone, loss, clean, robust }) => ({
    x: clean,
    y: robust,
    group: loss,
    name: `${backbone} · ${loss}`,
  }))
  const best = scatter.reduce((a, b) => (b.robust > a.robust ? b : a))
  const description =
    `Accuracy on clean images against the mean accuracy under the other perturbations, both over all datasets, of ` +
    `${scatter.length} configurations. The most robust is ${best.backbone} with ${best.loss}: clean ${best.clean.toFixed(3)}, robust ${best.robust.toFixed(3)}.`
  return pointsFigure(
    { id: idOf(protocol, 'scatter-figure'), title: `Clean against robust accuracy, ${protocol}`, description },
    points,
    { x: 'clean accuracy', y: 'mean robust accuracy' },
  )
}

/** The sums under a cheap protocol against those under the reference, with the regression line of each loss. */
export function proxyFigure(protocol: string, { proxy }: StudyProtocolAnalysis): Figure | null {
  if (!proxy) return null
  const points = proxy.points.map(({ backbone, loss, cheap, reference }) => ({
    x: cheap,
    y: reference,
    group: loss,
    name: `${backbone} · ${loss}`,
  }))
  if (points.length < 3) return null
  const losses = Object.keys(proxy.byLoss).sort()
  const lines = (x: Scale, y: Scale) =>
    losses.map((loss, i) => {
      const xs = points.filter(({ group }) => group === loss).map((point) => point.x)
      const line = proxy.byLoss[loss]!.regression
      if (!line) return ''
      const ends = [Math.min(...xs), Math.max(...xs)] as const
      const [y1, y2] = ends.map((end) => y.at(line.intercept.value + line.slope.value * end)) as [number, number]
      return element('line', { x1: x.at(ends[0]), x2: x.at(ends[1]), y1, y2, stroke: styleOf(i).colour })
    })
  const r = proxy.all.spearman?.r.toFixed(2) ?? 'not defined'
  return pointsFigure(
    {
      id: idOf(protocol, 'proxy-figure'),
      title: `${protocol} as a proxy of ${proxy.reference}`,
      description: `Sums under ${protocol} against sums under ${proxy.reference} of ${points.length} configurations over ${proxy.datasets.join(', ')}, with a regression line for each loss. Spearman’s r over all is ${r}.`,
    },
    points,
    { x: `sum, ${protocol}`, y: `sum, ${proxy.reference}` },
    (x, y) => lines(x, y).join(''),
  )
}

/** Spearman's correlations as a shaded square; the number stands in every cell. */
export function correlationFigure(protocol: string, { correlations }: StudyProtocolAnalysis): Figure | null {
  const { perturbations, matrix } = correlations
  const cells = matrix.flat().filter((cell) => cell !== null)
  if (perturbations.length < 2 || cells.length === 0) return null
  const [side, left, top] = [72, 90, 30]
  const parts = perturbations.flatMap((row, i) => [
    textAt(left - 8, top + (i + 0.5) * side + 4, row, 'end'),
    textAt(left + (i + 0.5) * side, top - 8, row, 'middle'),
    ...perturbations.map((_, j) => {
      const r = matrix[i]![j]?.r ?? null
      const box = { x: left + j * side, y: top + i * side, width: side - 2, height: side - 2 }
      const text = textAt(box.x + side / 2 - 1, box.y + side / 2 + 4, r === null ? '–' : r.toFixed(2), 'middle', {
        fill: Math.abs(r ?? 0) > 0.74 ? '#fff' : '#000',
      })
      return element('rect', { ...box, fill: shade(r) }) + text
    }),
  ])
  const off = matrix.flatMap((row, i) => row.filter((cell, j) => i < j && cell !== null).map((cell) => cell!.r))
  const description = `Spearman’s correlation of every pair of ${perturbations.join(', ')}: from ${Math.min(...off).toFixed(2)} to ${Math.max(...off).toFixed(2)} off the diagonal.`
  return figureOf(
    {
      id: idOf(protocol, 'correlation-figure'),
      title: `Correlations of the perturbations, ${protocol}`,
      description,
    },
    { width: left + perturbations.length * side + 8, height: top + perturbations.length * side + 8 },
    parts,
  )
}

/** White at 0, dark blue at 1 and dark orange at −1. */
function shade(r: number | null): string {
  if (r === null) return '#eee'
  const [red, green, blue] = r >= 0 ? [0, 75, 130] : [150, 65, 0]
  const mixed = [red, green, blue].map((channel) => Math.round(255 + (channel - 255) * Math.abs(r)))
  return `rgb(${mixed.join(' ')})`
}
