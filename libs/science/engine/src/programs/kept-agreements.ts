import { createHash } from 'node:crypto'
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import process from 'node:process'
import { engineEnvironment, environmentClass } from '../environment.ts'
import type { Agreement } from './agreement.ts'
import type { Form } from './forms.ts'

/** By program. */
type Agreements = ReadonlyMap<string, Agreement>

/** How the first replays of programs agreed with their eager runs, kept from process to process. */
export interface KeptAgreements {
  find(): Agreements | undefined
  keep(agreements: Agreements): void
}

/**
 * Of one graph (the bytes of its SavedModel) in one form and environment class: what was compiled from it once is
 * compiled again, so that a check takes place once on a kind of machine and not in every process. In the folder
 * `programs` of `GAUNTLET_CACHE`; nothing is kept where that is not set, and what is damaged counts for nothing.
 */
export function keptAgreements(
  graph: Uint8Array,
  form: Form,
  cacheFolder = process.env['GAUNTLET_CACHE'],
): KeptAgreements {
  if (!cacheFolder) return { find: () => undefined, keep: () => {} }
  const key = createHash('sha256')
    .update(graph)
    .update(`${form.name} ${environmentClass(engineEnvironment())}`)
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
