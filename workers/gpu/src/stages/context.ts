import { filesOfFolder } from '@gauntlet/sources'
import type { ArtifactReference, Digest } from '@gauntlet/study'
import { statSync } from 'node:fs'
import type { DeviceProgress } from '../device-protocol.ts'

/** A fetched file or folder as lineage names it; its bytes stay where they came from. */
export function sourceReference(path: string, digest: Digest): ArtifactReference {
  const files = statSync(path).isDirectory() ? filesOfFolder(path) : [{ path }]
  const size = files.reduce((bytes, file) => bytes + statSync(file.path).size, 0)
  return { digest, size, mediaType: 'application/octet-stream' }
}

/** How fast images go by: `imagesPerSecond` since the attempt began, from the number done until now. */
export function rate(startedAt: number, images: number): Pick<DeviceProgress, 'imagesPerSecond'> {
  const seconds = (performance.now() - startedAt) / 1000
  return seconds > 0 && images > 0 ? { imagesPerSecond: images / seconds } : {}
}
