import { createHash } from 'node:crypto'
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import process from 'node:process'
import { engineEnvironment, environmentClass } from '../environment.ts'
import type { Agreement } from './agreement.ts'
import type { Precision } from '../graphs/precision.ts'

/** Agreements by the name of the program. */
type Agreements = ReadonlyMap<string, Agreement>

/** A store of the agreements of first replays, from process to process. */
export interface KeptAgreements {
  find(): Agreements | undefined
  keep(agreements: Agreements): void
}

/**
 * The agreements of one graph, by what was compiled of it, in one precision and environment class. A graph that was
 * compiled once is compiled alike again, so a program is checked once on a kind of machine and not in every process.
 * They are kept in the folder `programs` of `GAUNTLET_CACHE`, and not at all where that is not set. Damaged files are
 * ignored.
 */
export function keptAgreements(
  graph: Uint8Array,
  precision: Pick<Precision, 'name'>,
  cacheFolder = process.env['GAUNTLET_CACHE'],
): KeptAgreements {
  if (!cacheFolder) return { find: () => undefined, keep: () => {} }
  const key = createHash('sha256')
    .update(graph)
    .update(`${precision.name} ${environmentClass(engineEnvironment())}`)
  const [folder, file] = [join(cacheFolder, 'programs'), `${key.digest('hex')}.json`]
  return {
    find: () => read(join(folder, file)),
    keep: (agreements) => {
      mkdirSync(folder, { recursive: true })
      const temporary = join(folder, `.${file}-${process.pid}`)
      writeFileSync(temporary, `${JSON.stringify(Object.fromEntries(agreements))}\n`, { flush: true })
      renameSync(temporary, join(folder, file))
    },
  }
}

function read(path: string): Agreements | undefined {
  try {
    const kept = Object.entries(JSON.parse(readFileSync(path, 'utf8')) as Record<string, Agreement>)
    return kept.every(([, { deviation }]) => Number.isFinite(deviation)) ? new Map(kept) : undefined
  } catch {
    return undefined
  }
}
