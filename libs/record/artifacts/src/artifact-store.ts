import type { ArtifactReference, Digest, Json } from '@gauntlet/study'

/** What a look at the stored bytes found: `corrupt` means that they are there and do not have their digest. */
export type ArtifactState = 'intact' | 'missing' | 'corrupt'

/**
 * One entry of a store's listing; `size` in bytes. Listing does not read the bytes, so it says nothing about their
 * state.
 */
export interface StoredArtifact {
  readonly digest: Digest
  readonly size: number
}

/**
 * Immutable bytes named by their SHA-256, plus small mutable pointers for progress inside a stage. Every write is all
 * or nothing: a writer killed at any moment leaves either the whole artifact or no artifact.
 */
export interface ArtifactStore {
  /** Stores bytes; storing the same bytes again changes nothing, and repairs a copy that went bad. */
  put(bytes: Uint8Array, mediaType: string): Promise<ArtifactReference>

  /** Stores a file's bytes as they are while being copied, without holding them in memory. */
  putFile(path: string, mediaType: string): Promise<ArtifactReference>

  /** The bytes, verified while read. Throws `ArtifactMissing` or `ArtifactCorrupt`. */
  read(artifact: ArtifactReference | Digest): Promise<Uint8Array>

  /**
   * The path of a local read-only file holding the bytes, verified before it is returned; for bytes too big for memory.
   */
  localFile(artifact: ArtifactReference | Digest): Promise<string>

  /** Reads the stored bytes and compares; never throws for what it finds. */
  verify(digest: Digest): Promise<ArtifactState>

  /**
   * Forgets an artifact; one that is not there is no error. The caller knows that nothing else refers to the same
   * bytes.
   */
  remove(digest: Digest): Promise<void>

  /** Everything stored, in no particular order. */
  list(): AsyncIterable<StoredArtifact>

  /** A pointer's value; `null` when it was never written, was deleted, or cannot be trusted any more. */
  readPointer(name: string): Promise<Json>

  /** Replaces a pointer's value atomically: a reader sees the old value or the new one. */
  writePointer(name: string, value: Json): Promise<void>

  /** Deletes a pointer; deleting one that is not there is no error. */
  deletePointer(name: string): Promise<void>
}
