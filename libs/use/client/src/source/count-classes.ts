import { fetchSource } from '@gauntlet/sources'
import type { PinnedSource } from '@gauntlet/study'

/** Counts the classes of a dataset in its data, for which a source that is far away is fetched. */
export async function countClasses(
  { source, sha256 }: PinnedSource,
  options: Parameters<typeof fetchSource>[2],
): Promise<number> {
  const path = await fetchSource(source, sha256, options)
  const { readSource } = await import('@gauntlet/datasets/inspection') // loads decoders, which most commands do not need
  return (await readSource(path)).classNames.length
}
