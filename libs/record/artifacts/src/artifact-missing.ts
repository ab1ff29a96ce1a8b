import type { Digest } from '@gauntlet/study'

/** The store does not hold these bytes. A retry does not help; running the stage that made them does. */
export class ArtifactMissing extends Error {
  override readonly name = 'ArtifactMissing'

  constructor(
    readonly digest: Digest,
    store: string,
  ) {
    super(
      `Artifact ${digest} is not in ${store}; run the study again to make it anew, or point GAUNTLET_ARTIFACTS to the store that has it.`,
    )
  }
}
