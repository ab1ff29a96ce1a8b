import { outlineStudy, withLock, type PinnedSource, type SourceLock } from '@gauntlet/study'

/** Two uses of a source found different bytes; a retry does not help. */
export class PinContradicted extends Error {
  override readonly name = 'InvalidInput'
}

/**
 * What a study's lock lacks: each source is asked once, and given as soon as it has answered, so that it can be kept
 * whatever the next one does.
 */
export async function* pinSources(
  study: string,
  fileName: string,
  lock: SourceLock,
  identify: (source: string) => Promise<PinnedSource>,
): AsyncGenerator<readonly [string, PinnedSource]> {
  const { unpinned } = outlineStudy(withLock(study, lock, fileName), fileName)
  for (const source of new Set(unpinned.map(({ source }) => source))) yield [source, await identify(source)] as const
}

/** Both locks in one. Where they say different things of a source, nobody may choose silently. */
export function mergeLocks(standing: SourceLock, found: SourceLock, lockName: string): SourceLock {
  for (const [source, { sha256 }] of found) {
    const pinned = standing.get(source)
    if (pinned && pinned.sha256 !== sha256)
      throw new PinContradicted(
        `${source} has SHA-256 ${sha256} now and ${pinned.sha256} in ${lockName}; restore what it was, or remove its lines there to accept what it is.`,
      )
  }
  return new Map([...found, ...standing])
}
