import { basename, dirname } from 'node:path'
import { byCodePoint, plainName } from '@gauntlet/files'
import { remarksOnNumbers, sortedClasses, splitNamed } from '../class-names.ts'
import { InvalidDataset } from '../../invalid-dataset.ts'
import type { SplitName } from '../../manifest.ts'
import type { Scan } from '../scan-files.ts'
import type { Labelling } from './layout.ts'
import { readTable } from './table-file.ts'

/** Headings under which people put the three columns, in the order in which they count. */
const headings = {
  path: [
    'path',
    'file',
    'filename',
    'file_name',
    'filepath',
    'file_path',
    'image',
    'image_path',
    'img',
    'img_path',
    'image_name',
    'name',
    'image_id',
    'id',
  ],
  label: ['label', 'labels', 'class', 'class_name', 'classname', 'category', 'target', 'species', 'diagnosis', 'y'],
  split: ['split', 'set', 'subset', 'partition'],
} as const

interface Row {
  readonly name: string
  readonly label: string
  readonly split: SplitName | null
}

/**
 * A CSV with a column of paths and one of labels, and with one of splits where there are any: one table, or one each
 * that is called `train`, `val` and `test` or lies in a folder called so. Paths are relative to the table, or lead to
 * it from further inside the source; the ending of an image may be left out.
 */
export function labelledTable(scan: Scan): Labelling | undefined {
  const names = [...scan.tables.keys()].filter((name) => /\.(?:csv|tsv)$/i.test(name)).sort(byCodePoint)
  if (names.length === 0) return undefined
  const find = imageFinder(scan)
  const tables = names.flatMap((name) => {
    const { rows, wrong } = readTable(scan.tables.get(name)!)
    const read = readColumns(rows, (path) => find(name, path) !== undefined)
    if (read && wrong !== undefined) throw new InvalidDataset(`${name} ${wrong}.`)
    return read ? [{ name, rows: read }] : []
  })
  if (tables.length === 0) return undefined
  const splitOf = splitsOf(tables)
  const rows = tables.flatMap(({ name: table, rows: read }) =>
    read.map(({ path, label, split: written }, i): Row => {
      const name = find(table, path) ?? refuse(table, i, `names ${path}, which is not there`)
      if (label === '') refuse(table, i, 'has no label')
      return { name, label, split: written === undefined ? splitOf(table) : splitIn(written, table, i) }
    }),
  )
  refuseTwice(rows)
  const classNames = sortedClasses(rows.map(({ label }) => label))
  const labels = new Map(classNames.map((name, label) => [name, label]))
  return {
    format: `a table of paths and labels (${tables.map(({ name }) => name).join(', ')})`,
    classNames,
    images: rows.map(({ name, label, split: where }) => ({ name, split: where, label: labels.get(label)! })),
    remarks: remarksOnNumbers(classNames),
  }
}

/** The split of each table: that of its name or, of several tables, of its folder. Refuses several without splits. */
function splitsOf(tables: readonly { readonly name: string }[]): (table: string) => SplitName | null {
  const splitOf = (table: string) => {
    const named = splitNamed(basename(table).replace(/\.\w+$/, ''))
    return named ?? (tables.length > 1 ? splitNamed(basename(dirname(table))) : undefined) ?? null
  }
  if (tables.length > 1 && tables.some(({ name }) => splitOf(name) === null))
    throw new InvalidDataset(
      `The source has several tables of paths and labels (${tables.map(({ name }) => name).join(', ')}); keep one, or call them train.csv, val.csv and test.csv.`,
    )
  return splitOf
}

interface WrittenRow {
  readonly path: string
  readonly label: string
  readonly split?: string
}

/** The rows of a table with the columns by their headings, or of two columns without headings; else undefined. */
function readColumns(rows: readonly string[][], isImage: (path: string) => boolean): WrittenRow[] | undefined {
  const [head, ...rest] = rows
  if (!head) return undefined
  if (head.length === 2 && isImage(head[0]!)) return rows.map(([path, label]) => ({ path: path!, label: label ?? '' }))
  const names = head.map((heading) => heading.toLowerCase().replace(/[\s-]+/g, '_'))
  const column = (kind: keyof typeof headings) => {
    const heading = headings[kind].find((each) => names.includes(each))
    return heading === undefined ? -1 : names.indexOf(heading)
  }
  const [path, label, split] = [column('path'), column('label'), column('split')]
  if (path < 0 || label < 0 || path === label || !rest.some((row) => isImage(row[path] ?? ''))) return undefined
  return rest.map((row) => ({
    path: row[path] ?? '',
    label: row[label] ?? '',
    ...(split < 0 ? {} : { split: row[split] ?? '' }),
  }))
}

function splitIn(written: string, table: string, row: number): SplitName {
  return (
    splitNamed(written) ??
    refuse(table, row, `has the split ${JSON.stringify(written)}, which is none of train, val and test`)
  )
}

/** The name of the image that a table means: its path from the table, from the top, or the end of one name alone. */
function imageFinder({ images }: Scan): (table: string, path: string) => string | undefined {
  let endings: Ending[] | undefined
  return (table, written) => {
    const path = plainName(written.replaceAll('\\', '/').replace(/^(?:\.\/)+/, ''))
    if (path === '') return undefined
    const beside = table.slice(0, table.length - basename(table).length) + path
    for (const exact of [beside, path]) if (images.has(exact)) return exact
    endings ??= endingsOf(images.keys())
    return onlyNameEndingIn(path, endings)
  }
}

/** A name, and it backwards: sorted by this, the names that end in the same folders and file lie side by side. */
interface Ending {
  readonly name: string
  readonly backwards: string
}

/** Every name, with and without its ending. */
function endingsOf(names: Iterable<string>): Ending[] {
  const endings: Ending[] = []
  for (const name of names)
    for (const each of new Set([name, name.replace(/\.\w+$/, '')])) endings.push({ name, backwards: backwards(each) })
  return endings.sort((a, b) => (a.backwards < b.backwards ? -1 : 1))
}

/** The only name of which a path is the end, by whole folders. */
function onlyNameEndingIn(path: string, endings: readonly Ending[]): string | undefined {
  const key = backwards(path)
  let [low, high] = [0, endings.length]
  while (low < high) {
    const middle = (low + high) >> 1
    if (endings[middle]!.backwards < key) low = middle + 1
    else high = middle
  }
  const [first, second] = [endings[low], endings[low + 1]]
  return first?.backwards.startsWith(key) && !second?.backwards.startsWith(key) ? first.name : undefined
}

function backwards(path: string): string {
  return `/${path}`.split('').reverse().join('')
}

function refuseTwice(rows: readonly Row[]): void {
  const seen = new Map<string, string>()
  for (const { name, label } of rows) {
    const before = seen.get(name)
    if (before !== undefined)
      throw new InvalidDataset(
        before === label
          ? `The table names ${name} twice; keep one row.`
          : `The table gives ${name} the labels ${before} and ${label}; keep one row.`,
      )
    seen.set(name, label)
  }
}

function refuse(table: string, row: number, wrong: string): never {
  throw new InvalidDataset(`Row ${row + 1} of ${table} ${wrong}; correct the table or add the file.`)
}
