import { byCodePoint } from '@gauntlet/files'
import { z } from 'zod'
import { largestOf, numberedClasses, splitNamed } from '../class-names.ts'
import { InvalidDataset } from '../../invalid-dataset.ts'
import type { Scan } from '../scan-files.ts'
import { fileEnding, type Labelling } from './layout.ts'

const memberOfSplit = /(?:^|\/)((?:train|val|test|test_common)\/[^/]+)$/
const metadata = z.looseObject({ N: z.number().int().positive() })

/**
 * A `<dataset>_processed.tar.zst` of RobustGenBench: folders `train`, `val`, `test`, `test_common`, each with images
 * and a `labels.csv` (`filename,label`), and `metadata.json` with `N` classes, which have numbers for names.
 */
export function robustGenBench({ images, tables }: Scan): Labelling | undefined {
  const labelFiles = [...tables.keys()].filter((name) =>
    /(?:^|\/)(?:train|val|test|test_common)\/labels\.csv$/.test(name),
  )
  if (!labelFiles.some((name) => isLabelFile(tables.get(name)!))) return undefined
  const labels = new Map<string, number>()
  for (const name of labelFiles) parseLabels(keyOf(name)!, tables.get(name)!, labels)
  const names = new Map<string, string>()
  for (const name of images.keys()) {
    const key = keyOf(name)
    if (key === undefined) continue
    if (names.has(key)) throw new InvalidDataset(`The archive holds ${key} twice; pack it again.`)
    names.set(key, name)
  }
  requireBoth(names, labels)
  const keys = [...names.keys()].sort(byCodePoint)
  const count = classCount(tables) ?? largestOf(labels.values()) + 1
  return {
    format: 'a processed archive of RobustGenBench',
    classNames: numberedClasses(count, keys.length),
    images: keys.map((key) => ({
      name: names.get(key)!,
      split: splitNamed(key.slice(0, key.indexOf('/')))!,
      label: labels.get(key)!,
    })),
  }
}

/** `<split folder>/<file name>` of a member of a split's folder; undefined for other members. */
function keyOf(name: string): string | undefined {
  return memberOfSplit.exec(name)?.[1]
}

function classCount(tables: Scan['tables']): number | undefined {
  const file = fileEnding(tables.keys(), 'metadata.json')
  if (!file) return undefined
  try {
    return metadata.parse(JSON.parse(new TextDecoder().decode(tables.get(file.name)))).N
  } catch {
    throw new InvalidDataset("The archive's metadata.json does not give the number of classes as N; pack it again.")
  }
}

/** Whether a table begins as those of the archives do; other tables of labels may lie in folders of the same names. */
function isLabelFile(bytes: Uint8Array): boolean {
  const [head = '', first = ''] = new TextDecoder().decode(bytes.subarray(0, 4096)).split(/\r?\n/)
  return isHead(head) && /^(?:|[^,]*,\d*)$/.test(first.trim())
}

function isHead(line: string): boolean {
  return line.replaceAll(' ', '') === 'filename,label'
}

function parseLabels(key: string, bytes: Uint8Array, labels: Map<string, number>): void {
  const folder = key.slice(0, key.indexOf('/'))
  const [head = '', ...lines] = new TextDecoder().decode(bytes).split(/\r?\n/)
  if (!isHead(head))
    throw new InvalidDataset(`${key} in the archive does not begin with "filename,label"; pack it again.`)
  for (const [i, line] of lines.entries()) {
    if (line === '') continue
    const match = /^([^,/\\]+),(\d{1,9})$/.exec(line.trim())
    if (!match)
      throw new InvalidDataset(`Line ${i + 2} of ${key} in the archive is not "filename,label"; pack it again.`)
    const name = `${folder}/${match[1]!.normalize('NFC')}`
    if (labels.has(name)) throw new InvalidDataset(`${key} in the archive labels ${match[1]} twice; pack it again.`)
    labels.set(name, Number(match[2]))
  }
}

/** Every image must have a label, and every label an image. */
function requireBoth(names: ReadonlyMap<string, string>, labels: ReadonlyMap<string, number>): void {
  for (const key of names.keys())
    if (!labels.has(key)) throw new InvalidDataset(`${key} in the archive has no line in labels.csv; pack it again.`)
  for (const key of labels.keys())
    if (!names.has(key)) throw new InvalidDataset(`${key} is in labels.csv but not in the archive; pack it again.`)
}
