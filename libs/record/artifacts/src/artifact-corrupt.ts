import type { Digest } from '@gauntlet/study'

/**
 * The stored bytes do not have the digest they are named by. A retry does not help; storing the right bytes again does.
 */
export class ArtifactCorrupt extends Error {
  override readonly name = 'ArtifactCorrupt'

  constructor(
    readonly digest: Digest,
    location: string,
    finding: string,
  ) {
    super(
      `Artifact ${digest} at ${location} is corrupt (${finding}); run the study again to make it anew, or restore it from a copy.`,
    )
  }
}
