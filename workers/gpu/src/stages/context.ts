import type { ArtifactReference, Digest } from '@gauntlet/study'
import { stat } from 'node:fs/promises'
import type { DeviceProgress } from '../device-protocol.ts'

/** A fetched file as lineage names it; its bytes stay where they came from. */
export async function sourceReference(file: string, digest: Digest): Promise<ArtifactReference> {
  return { digest, size: (await stat(file)).size, mediaType: 'application/octet-stream' }
}

/** How fast images go by: `imagesPerSecond` since the attempt began, from the number done until now. */
export function rate(startedAt: number, images: number): Pick<DeviceProgress, 'imagesPerSecond'> {
  const seconds = (performance.now() - startedAt) / 1000
  return seconds > 0 && images > 0 ? { imagesPerSecond: images / seconds } : {}
}
