import { canonicalJson, type Digest, type Json } from '@gauntlet/study'
import { appendFileSync, mkdirSync, readFileSync } from 'node:fs'
import { dirname } from 'node:path'

/** What outcomes say when they are counted against a manifest. */
export interface Count {
  readonly correct: number
  readonly total: number
  /** What the file of outcomes says of itself. */
  readonly facts: Readonly<Record<string, Json>>
}

/** Counts after which the file is written: an interrupted verification loses no more than these. */
const together = 500

/**
 * Counts that were made on this machine, so that a verification that is interrupted, or made again, counts only what is
 * new. A count follows from the bytes of the outcomes and of the manifest, which are named by their digests.
 */
export class CountedOutcomes {
  readonly #counts = new Map<string, Count>()
  #unsaved: string[] = []

  /** @param file where they are kept; null keeps them in memory. */
  constructor(private readonly file: string | null) {
    for (const [name, count] of this.file === null ? [] : linesOf(this.file)) this.#counts.set(name, count)
  }

  of(outcomes: Digest, manifest: Digest): Count | undefined {
    return this.#counts.get(`${outcomes} ${manifest}`)
  }

  add(outcomes: Digest, manifest: Digest, count: Count): void {
    const name = `${outcomes} ${manifest}`
    this.#counts.set(name, count)
    this.#unsaved.push(`${name} ${canonicalJson(count)}\n`)
    if (this.#unsaved.length >= together) this.save()
  }

  /** Writes what was added to the file. */
  save(): void {
    const lines = this.#unsaved.join('')
    this.#unsaved = []
    if (this.file === null || lines === '') return
    mkdirSync(dirname(this.file), { recursive: true })
    appendFileSync(this.file, lines)
  }
}

/** The lines of the file. One that is damaged counts as absent, and so does a file that cannot be read. */
function linesOf(file: string): [string, Count][] {
  let text: string
  try {
    text = readFileSync(file, 'utf8')
  } catch {
    return []
  }
  return text.split('\n').flatMap((line): [string, Count][] => {
    const [, name, count] = /^([0-9a-f]{64} [0-9a-f]{64}) (\{.*\})$/.exec(line) ?? []
    if (!name || !count) return []
    try {
      return [[name, JSON.parse(count) as Count]]
    } catch {
      return []
    }
  })
}
