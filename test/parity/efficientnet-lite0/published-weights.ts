import { join } from 'node:path'
import { cacheFolder } from '@gauntlet/infra/cache-folder'
import { fetchSource } from '@gauntlet/sources'
import { backboneFacts } from '@gauntlet/study'
import { readCheckpoint, type NamedArray } from '@gauntlet/weights'

/** The tensors of Lite0's published checkpoint, which is fetched once to the cache. */
export async function publishedWeights(): Promise<NamedArray[]> {
  const { source, sha256 } = backboneFacts('tf_efficientnet_lite0.in1k')!.weights!
  return readCheckpoint(await fetchSource(source, sha256!, { cacheFolder: join(cacheFolder(), 'sources') }))
}
