import { createHash } from 'node:crypto'
import type { Digest } from '@gauntlet/study'
import type { ImageEncoding, SplitName } from '../manifest.ts'

/** One labelled image of a source, before any split is drawn. */
export interface SourceEntry {
  /** Its name in the source, for messages. */
  readonly name: string
  /** The split to which the source assigns the image; `null` where it has no splits. */
  readonly split: SplitName | null
  readonly label: number
  readonly encoding: ImageEncoding
  readonly width: number
  readonly height: number
  /** SHA-256 and size of the bytes as they will be stored. */
  readonly digest: Digest
  readonly length: number
}

/** The images of a source, whatever its format: a list of all, and the bytes of those that are wanted. */
export interface DatasetSource {
  /** What the source was recognised as, in words. */
  readonly format: string
  /** The name of each class, by its label. */
  readonly classNames: readonly string[]
  /** Every image, in the source's own order. */
  readonly entries: readonly SourceEntry[]
  /** Images that the source labels and whose content is none, with what is wrong. */
  readonly unreadable: readonly { readonly name: string; readonly wrong: string }[]
  /** What was not taken, by reason, in the order of names. */
  readonly passedOver: readonly PassedOver[]
  /** Sentences on what the labels mean, for people. */
  readonly remarks: readonly string[]
  /** The stored bytes of the entries at the chosen positions, in the source's order, one at a time. */
  images(chosen: ReadonlySet<number>): AsyncIterable<readonly [position: number, bytes: Uint8Array]>
}

/** Files of a source that are not images of the dataset. */
export interface PassedOver {
  readonly reason: string
  readonly names: readonly string[]
}

/** The digest of stored bytes. */
export function sha256Of(bytes: Uint8Array): Digest {
  return createHash('sha256').update(bytes).digest('hex')
}
