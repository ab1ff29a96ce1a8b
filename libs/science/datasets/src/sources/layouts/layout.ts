import { InvalidDataset } from '../../invalid-dataset.ts'
import type { SplitName } from '../../manifest.ts'
import type { Scan } from '../scan-files.ts'

/** An image with its label and split. */
export interface LabelledImage {
  readonly name: string
  readonly split: SplitName | null
  readonly label: number
}

/** The images of a source, as one layout of files labels them. */
export interface Labelling {
  /** What the source is, in words. */
  readonly format: string
  readonly classNames: readonly string[]
  /** In the layout's own order. */
  readonly images: readonly LabelledImage[]
  /** Sentences on the labels, for people. */
  readonly remarks?: readonly string[]
}

/** Labels the files of a source; undefined where the source has another layout. */
export type Layout = (scan: Scan) => Labelling | undefined

/** The one name of a file that ends in `ending`, and the folder that it is relative to. */
export function fileEnding(
  names: Iterable<string>,
  ending: string,
): { readonly name: string; readonly root: string } | undefined {
  for (const name of names)
    if (name === ending || name.endsWith(`/${ending}`)) return { name, root: name.slice(0, -ending.length) }
  return undefined
}

/** The lines of a text file that say something. */
export function linesOf(bytes: Uint8Array): string[] {
  return new TextDecoder()
    .decode(bytes)
    .split(/\r?\n/)
    .map((line) => line.trim())
    .filter((line) => line !== '' && !line.startsWith('#'))
}

/** An annotation names an image that is not there, or says what cannot be. */
export function refuseAnnotation(file: string, wrong: string): never {
  throw new InvalidDataset(`${file} of the dataset ${wrong}; fetch the dataset again.`)
}
