import type { ArtifactStore } from '@gauntlet/artifacts'
import type { BundleSurroundings } from '../run-bundle.ts'

/** What a bundle is run with that reports to nobody and is never aborted, with its caches in `folder`. */
export function surroundingsIn(folder: string, store: ArtifactStore): BundleSurroundings {
  return {
    store,
    cacheFolder: folder,
    programCache: folder,
    signal: new AbortController().signal,
    report: () => undefined,
  }
}
