import { InvalidInput, digestOf, outlineStudy, withLock, type PinnedSource, type SourceLock } from '@gauntlet/study'

/**
 * Identifies the sources that a study's lock lacks, each once. A pin is yielded as soon as it is known, so that it can
 * be kept even if the next source fails.
 */
export async function* pinSources<Pin extends PinnedSource | null>(
  study: string,
  fileName: string,
  lock: SourceLock,
  identify: (source: string, wantsClasses: boolean) => Promise<Pin>,
): AsyncGenerator<readonly [string, Pin]> {
  const { unpinned } = outlineStudy(withLock(study, lock, fileName), fileName)
  for (const source of new Set(unpinned.map((each) => each.source))) {
    const wantsClasses = unpinned.some((each) => each.source === source && each.wantsClasses)
    yield [source, await identify(source, wantsClasses)] as const
  }
}

/** Merges two locks. Throws `InvalidInput` where they have different digests for one source. */
export function mergeLocks(existing: SourceLock, found: SourceLock, lockName: string): SourceLock {
  const merged = new Map([...found, ...existing])
  for (const [source, { sha256, classes }] of found) {
    const pinned = existing.get(source)
    if (pinned && pinned.sha256 !== sha256)
      throw new InvalidInput(
        `${source} has SHA-256 ${sha256} now and ${pinned.sha256} in ${lockName}; restore the former bytes, or remove its lines there to accept the new ones.`,
      )
    if (pinned && classes !== undefined) merged.set(source, { ...pinned, classes })
  }
  return merged
}

/**
 * A pin in place of one that cannot be had now, so that a study can still be planned and priced, as if it had ten
 * classes. Its digest is that of no bytes, so that nothing in the ledger can be taken for the result of a stage that
 * uses it.
 */
export function placeholderPin(source: string, wantsClasses: boolean): PinnedSource {
  return { source, sha256: digestOf(`not pinned: ${source}`), ...(wantsClasses ? { classes: 10 } : {}) }
}
