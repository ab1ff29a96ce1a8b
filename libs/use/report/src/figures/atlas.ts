import { heldAt, type StudyAtlas } from '@gauntlet/analysis'
import { idOf } from '../html/escape.ts'
import { element, figureOf, short, textAt, widthOf, type Figure } from './svg.ts'

const width = 760
const rowHeight = 16

/**
 * Images × models: a column for each image, those that fell for the most models on the left, a dark cell where it fell.
 * Null where there is nothing to tell apart.
 */
export function atlasFigure({ dataset, perturbation, imageNames, rows }: StudyAtlas): Figure | null {
  if (rows.length < 2) return null
  const fell = imageNames.map((_, i) => rows.filter(({ held }) => !heldAt(held, i)).length)
  const order = imageNames.map((_, i) => i).sort((a, b) => fell[b]! - fell[a]! || a - b)
  const sorted = rows.toSorted((a, b) => (a.type < b.type ? -1 : a.type > b.type ? 1 : 0))
  const left = Math.max(...sorted.map(({ model }) => widthOf(model))) + 14
  const cell = (width - left - 8) / imageNames.length
  const top = 24
  const parts = sorted.flatMap(({ model, held }, row) => {
    const y = top + row * rowHeight
    const background = { x: left, y, width: width - left - 8, height: rowHeight - 3, fill: '#dceaf5' }
    return [
      textAt(left - 8, y + 11, model, 'end'),
      element('rect', background),
      element('path', { d: runsOf(order, held, left, y, cell), fill: '#8c2d04' }),
    ]
  })
  const all = fell.filter((count) => count === rows.length).length
  const none = fell.filter((count) => count === 0).length
  const description = `${imageNames.length} images of ${dataset} under ${perturbation}, a column each, and ${rows.length} models, a row each; dark where the image fell. ${all} fell for every model and ${none} for none.`
  return figureOf(
    {
      id: idOf('atlas', dataset, perturbation),
      title: `Which images fell, ${dataset} under ${perturbation}`,
      description,
    },
    { width, height: top + sorted.length * rowHeight + 8 },
    [textAt(left, 14, 'fell for the most models  →  for none', 'start'), ...parts],
  )
}

/** Neighbouring images that fell, as one rectangle each. */
function runsOf(order: readonly number[], held: Uint32Array, left: number, y: number, cell: number): string {
  const runs: string[] = []
  for (let at = 0; at < order.length; at++) {
    const start = at
    while (at < order.length && !heldAt(held, order[at]!)) at++
    if (at === start) continue
    const [from, to] = [left + start * cell, left + at * cell]
    runs.push(`M${short(from)} ${short(y)}H${short(to)}v${rowHeight - 3}H${short(from)}Z`)
  }
  return runs.join('')
}
