import { byCodePoint } from '@gauntlet/files'
import { InvalidDataset } from '../invalid-dataset.ts'
import type { SplitName } from '../manifest.ts'

/** Names of folders and tables that stand for a split. */
export function splitNamed(name: string): SplitName | undefined {
  return splits[name.toLowerCase()]
}

const splits: Readonly<Record<string, SplitName>> = {
  train: 'train',
  training: 'train',
  val: 'validation',
  valid: 'validation',
  validation: 'validation',
  dev: 'validation',
  test: 'test',
  testing: 'test',
  test_common: 'testCommon',
}

/** Class names of labels as they are written: by number where all are whole numbers, else by code point. */
export function sortedClasses(written: Iterable<string>): string[] {
  const names = [...new Set(written)]
  const areNumbers = names.every((name) => /^-?\d{1,15}$/.test(name))
  return names.sort(areNumbers ? (a, b) => Number(a) - Number(b) : byCodePoint)
}

/** Most classes of a dataset, as study files have it. ImageNet-21k has 21,841. */
export const mostClasses = 100_000
/** So many classes may have fewer images than classes, as a part of ImageNet-1k has. */
const plausibleClasses = 1000

/** Classes called 0 to count − 1. Refuses more than the images make plausible: one wrong label could ask for them. */
export function numberedClasses(count: number, images: number): string[] {
  if (!(count <= mostClasses && count <= Math.max(images, plausibleClasses)))
    throw new InvalidDataset(
      `The labels or the metadata make ${count} classes of ${images} images; correct the largest label or the number of classes.`,
    )
  return Array.from({ length: count }, (_, label) => String(label))
}

/** The largest of numbers, of which there may be more than a call may have arguments; 0 where there are none. */
export function largestOf(values: Iterable<number>): number {
  let largest = 0
  for (const value of values) if (value > largest) largest = value
  return largest
}

/** What has to be said of labels that are numbers but not 0 to N − 1. */
export function remarksOnNumbers(classNames: readonly string[]): string[] {
  const [first, last, count] = [classNames[0]!, classNames.at(-1)!, classNames.length]
  if (!/^-?\d+$/.test(first) || classNames.every((name, label) => name === String(label))) return []
  const gaps = Number(last) - Number(first) >= count ? ', with gaps' : ''
  return [
    `The labels run from ${first} to ${last}${gaps}; the ${count} classes keep these as names, and models count them from 0.`,
  ]
}
