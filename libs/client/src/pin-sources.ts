import { outlineStudy, withLock, type PinnedSource, type SourceLock } from '@gauntlet/study'

/** Two uses of a source found different bytes; a retry does not help. */
export class PinContradicted extends Error {
  override readonly name = 'InvalidInput'
}

/** What a study's lock lacks, found out by asking each source once. */
export async function pinSources(
  study: string,
  fileName: string,
  lock: SourceLock,
  identify: (source: string) => Promise<PinnedSource>,
): Promise<SourceLock> {
  const { unpinned } = outlineStudy(withLock(study, lock, fileName), fileName)
  const found = new Map<string, PinnedSource>()
  for (const { source } of unpinned) if (!found.has(source)) found.set(source, await identify(source))
  return found
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
