import { placeOf } from '@gauntlet/client'
import { fetchSource, identifySource } from '@gauntlet/sources'
import { datasetFacts } from '@gauntlet/study'
import { existsSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { Misuse } from '../command-failed.ts'
import { progressLine } from '../print/progress-line.ts'

/** A dataset that a command names. */
export interface LocatedDataset {
  /** As a study would write it, with whole paths. */
  readonly source: string
  /** Where its bytes are now. */
  readonly path: string
  /** How many classes the catalogue says it has. */
  readonly classes: number | undefined
}

/** The source of a dataset that is named by its id in the catalogue, by its source, or by a path from here. */
export function sourceNamed(named: string): string {
  const facts = datasetFacts(named)
  if (facts && !existsSync(named)) return facts.source
  if (/^(?:npm|https?|hf|pypi|file):./.test(named)) return placeOf(named, process.cwd())
  if (existsSync(named)) return `file:${resolve(named)}`
  throw new Misuse(
    `There is no dataset ${named}: it is neither a path, nor a source such as https:… or hf:…, nor in npx gauntlet datasets.`,
  )
}

/** Finds a dataset, and fetches it where it is not on this machine. */
export async function locateDataset(named: string, cache: string): Promise<LocatedDataset> {
  const source = sourceNamed(named)
  const classes = datasetFacts(named)?.classes
  if (source.startsWith('file:/') && !source.startsWith('file://'))
    return { source, path: source.slice('file:'.length), classes }
  const line = progressLine()
  try {
    const options = {
      cacheFolder: join(cache, 'sources'),
      onProgress: ({ received, total }: { received: number; total: number | undefined }) =>
        line.show(`fetching ${source}${total ? ` ${Math.floor((100 * received) / total)} %` : ''}`),
    }
    const { source: exact, sha256 } = await identifySource(source, options)
    return { source: exact, path: await fetchSource(exact, sha256, options), classes }
  } finally {
    line.end()
  }
}
