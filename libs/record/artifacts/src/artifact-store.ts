import type { ArtifactReference, Digest, Json } from '@gauntlet/study'

/** The state of stored bytes. `corrupt`: they are there, and do not have the digest they are named by. */
export type ArtifactState = 'intact' | 'missing' | 'corrupt'

/**
 * One entry of a store's listing; `size` in bytes. Listing does not read the bytes, so they may be corrupt.
 */
export interface StoredArtifact {
  readonly digest: Digest
  readonly size: number
  /** When it was stored last, to ten minutes: storing the same bytes again renews it. */
  readonly storedAt: Date
}

/** A pointer of a store's listing. */
export interface StoredPointer {
  readonly name: string
  readonly writtenAt: Date
}

/**
 * Immutable bytes named by their SHA-256, plus small mutable pointers for progress inside a stage. Every write is all
 * or nothing: a writer killed at any moment leaves either the whole artifact or no artifact.
 */
export interface ArtifactStore {
  /** Stores bytes. Storing the same bytes again changes nothing, or repairs a corrupt copy. */
  put(bytes: Uint8Array, mediaType: string): Promise<ArtifactReference>

  /** Stores the bytes of a file as they are while it is copied, without holding them in memory. */
  putFile(path: string, mediaType: string): Promise<ArtifactReference>

  /** The bytes, verified while read. Throws `ArtifactMissing` or `ArtifactCorrupt`. */
  read(artifact: ArtifactReference | Digest): Promise<Uint8Array>

  /**
   * The path of a local read-only file holding the bytes, verified before it is returned as `verify` does; for bytes
   * too big for memory.
   */
  localFile(artifact: ArtifactReference | Digest): Promise<string>

  /**
   * Compares the stored bytes with their digest. Bytes that were compared on this machine, and whose file has not
   * changed since, are not read again, unless `again` asks for it. Throws neither for missing nor for corrupt ones.
   */
  verify(digest: Digest, options?: { readonly again?: boolean }): Promise<ArtifactState>

  /**
   * Deletes an artifact; one that is not there is no error. The caller must know that nothing else refers to the bytes.
   */
  remove(digest: Digest): Promise<void>

  /**
   * Deletes an artifact unless it was stored again after `time`, and says whether it did. A writer that stores it at
   * the same moment never loses it.
   */
  removeUnlessStoredSince(digest: Digest, time: Date): Promise<boolean>

  /** Everything stored, in no particular order. */
  list(): AsyncIterable<StoredArtifact>

  /** Every pointer, in no particular order. */
  listPointers(): AsyncIterable<StoredPointer>

  /** A pointer's value; `null` when it was never written, was deleted, or is damaged. */
  readPointer(name: string): Promise<Json>

  /** Replaces a pointer's value atomically: a reader sees the old value or the new one. */
  writePointer(name: string, value: Json): Promise<void>

  /** Deletes a pointer; deleting one that is not there is no error. */
  deletePointer(name: string): Promise<void>
}
