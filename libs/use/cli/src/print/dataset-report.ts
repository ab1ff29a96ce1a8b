import type { DatasetReport } from '@gauntlet/datasets/inspection'
import { count } from './count.ts'
import { renderTable } from './table.ts'
import { withoutControls } from './without-controls.ts'

/** Names of a list that are shown before it is cut. */
const shownNames = 5

/** A report as people read it: the table of classes, then what is remarkable. */
export function renderReport(id: string, report: DatasetReport): string {
  const { format, images, classes, splitsAre } = report
  const heading = `${id}: ${format}; ${count(images, 'image')} in ${classes.length} classes; splits are ${splitsAre}`
  const total = { name: 'all', train: sum('train'), validation: sum('validation'), test: sum('test') }
  function sum(split: 'train' | 'validation' | 'test') {
    return classes.reduce((count, each) => count + each[split], 0)
  }
  const columns = [
    { heading: 'class', cell: ({ name }: { name: string }) => name },
    ...(['train', 'validation', 'test'] as const).map((split) => ({
      heading: split,
      align: 'right' as const,
      cell: (row: typeof total) => row[split].toLocaleString('en'),
    })),
  ]
  return `${heading}\n\n${renderTable(columns, [...classes, total])}\n\n${factsOf(report).join('\n')}`
}

function factsOf({
  sizes,
  encodings,
  remarks,
  unreadable,
  passedOver,
  duplicatesDropped,
  contradictions,
  alike,
}: DatasetReport): string[] {
  const [smallest, median, largest] = sizes
  const kinds = Object.entries(encodings).map(([encoding, count]) => `${count.toLocaleString('en')} ${encoding}`)
  const dropped = duplicatesDropped.train + duplicatesDropped.validation
  return [
    `sizes: ${smallest} to ${largest} pixels, half of them up to ${median}; ${kinds.join(', ')}`,
    ...remarks.map(withoutControls),
    ...passedOver.map(({ reason, names }) => `passed over: ${names.length} ${reason}: ${listed(names)}`),
    dropped === 0
      ? 'no image is in two splits'
      : `${count(dropped, 'image')} left out of train or validation, whose bytes are in a later split too`,
    ...(contradictions.length === 0
      ? []
      : [
          `${count(contradictions.length, 'image')} under two labels: ${listed(contradictions.map((each) => each.join(' = ')))}`,
        ]),
    alike.length === 0
      ? 'no two images of different splits look alike'
      : `${count(alike.length, 'pair')} of different splits look alike, which a study keeps: ${listed(alike.map(({ names, splits, sameLabel }) => `${names.join(' ~ ')} (${splits.join(', ')}${sameLabel ? '' : ', other label'})`))}`,
    ...(unreadable.length === 0
      ? []
      : [`cannot be read: ${unreadable.map(({ name, wrong }) => withoutControls(`${name} (${wrong})`)).join('\n  ')}`]),
  ]
}

function listed(names: readonly string[]): string {
  return (
    withoutControls(names.slice(0, shownNames).join(', ')) + (names.length > shownNames ? `, … (${names.length})` : '')
  )
}
