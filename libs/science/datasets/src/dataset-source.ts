import { createHash } from 'node:crypto'
import type { Digest } from '@gauntlet/study'
import type { ImageEncoding, SplitName } from './manifest.ts'

/** One labelled image of a source, before any split is drawn. */
export interface SourceEntry {
  /** The split the source itself puts the image in; `null` where it leaves that to us. */
  readonly split: SplitName | null
  readonly label: number
  readonly encoding: ImageEncoding
  readonly width: number
  readonly height: number
  /** SHA-256 and size of the bytes as they will be stored. */
  readonly digest: Digest
  readonly length: number
}

/** What every reader makes of its format: what there is, and then the bytes of what is wanted. */
export interface DatasetSource {
  /** Every image, in the source's own order. */
  readonly entries: readonly SourceEntry[]
  /** The stored bytes of the entries at the chosen positions, in the source's order, one at a time. */
  images(chosen: ReadonlySet<number>): AsyncIterable<readonly [position: number, bytes: Uint8Array]>
}

/** The digest of stored bytes. */
export function sha256Of(bytes: Uint8Array): Digest {
  return createHash('sha256').update(bytes).digest('hex')
}
