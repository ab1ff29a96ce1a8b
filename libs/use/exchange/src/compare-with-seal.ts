import { withStudyFacts, type Fact, type LedgerDatabase, type PlacedFact } from '@gauntlet/ledger'
import { leafHash, MerkleRoot, recordLine, SealInvalid, type Seal } from '@gauntlet/seals'
import { Cursor } from './cursor.ts'
import { openLeafList, type ListedLeaf } from './leaf-list.ts'

/** How the ledger differs from what was sealed. Facts are named by kind and id. */
export interface SealComparison {
  readonly same: number
  readonly changed: readonly string[]
  readonly gone: readonly string[]
  /** What was recorded since, which is no fault: how many facts of each kind. */
  readonly added: Readonly<Record<string, number>>
  /** Facts that the list of leaves withholds. Whether the ledger still has them as they were cannot be told. */
  readonly withheld: number
  /**
   * Of each kind, facts in the ledger that may be withheld ones which were changed: the seal counts more of the kind
   * than the list names, and the ledger has others from before the seal, or about what was sealed. Facts whose ids are
   * digests of them, or which the study's file fixes, are left out: changed, they would have other ids.
   */
  readonly doubtful: Readonly<Record<string, number>>
}

/**
 * Compares what the ledger has of a study with the leaves of a seal on it, both in the order of the record, without
 * holding either. Throws `SealInvalid` where the list of leaves is not the one of the seal.
 */
export async function compareWithSeal(
  db: LedgerDatabase,
  seal: Seal,
  listFile: string,
  onProgress?: (facts: number) => void,
): Promise<SealComparison> {
  const { leaves } = await openLeafList(listFile)
  const root = new MerkleRoot()
  const comparison = new Comparison(seal)
  await withStudyFacts(db, seal.study.id, async (pages) => {
    const facts = new Cursor(pages)
    await facts.next()
    for await (const page of leaves) {
      for (const leaf of page) {
        root.add(Buffer.from(leaf.hash, 'hex'))
        const { place } = leaf
        if (place === null) {
          comparison.withheld++
          continue
        }
        for (; facts.current && facts.current.place < place; await facts.next()) comparison.add(facts.current.fact)
        if (facts.current?.place === place) {
          comparison.compare(facts.current, leaf)
          await facts.next()
        } else comparison.lose(place)
      }
      onProgress?.(root.size)
    }
    for (; facts.current; await facts.next()) comparison.add(facts.current.fact)
  })
  comparison.judgeWithheld()
  if (root.root() !== seal.tree.root || root.size !== seal.tree.size)
    throw new SealInvalid(`${listFile} is not the list of leaves of this seal; give the one that was written with it.`)
  return comparison
}

class Comparison implements SealComparison {
  same = 0
  withheld = 0
  readonly changed: string[] = []
  readonly gone: string[] = []
  readonly added: Record<string, number> = {}
  readonly doubtful: Record<string, number> = {}
  readonly #seal: Seal
  readonly #sealedAt: number
  /** Facts of each kind that the list names. */
  readonly #named: Record<string, number> = {}
  /** Stages that the list names as fulfilled. */
  readonly #sealedStages = new Set<string>()
  /** Of what the list does not name, what does not show that it is later than the seal. */
  readonly #perhapsSealed: Record<string, number> = {}

  constructor(seal: Seal) {
    this.#seal = seal
    this.#sealedAt = Date.parse(seal.sealedAt)
  }

  compare({ place, fact }: PlacedFact, { salt, hash }: ListedLeaf): void {
    countOne(this.#named, fact.kind)
    if (fact.kind === 'fulfilment') this.#sealedStages.add(fact.stageKey)
    if (leafHash(recordLine(fact, salt!)).toString('hex') === hash) this.same++
    else this.changed.push(nameOf(place))
  }

  lose(place: string): void {
    const name = nameOf(place)
    countOne(this.#named, name.split(' ')[0]!)
    this.gone.push(name)
  }

  add(fact: Fact): void {
    countOne(this.added, fact.kind)
    if (!this.#isLater(fact)) countOne(this.#perhapsSealed, fact.kind)
  }

  /** Judges what the list does not name, once it is known how much it withholds. */
  judgeWithheld(): void {
    for (const [kind, count] of Object.entries(this.added)) {
      const unnamed = (this.#seal.facts[kind] ?? 0) - (this.#named[kind] ?? 0)
      if (unnamed <= 0) continue
      const perhaps = this.#perhapsSealed[kind] ?? 0
      if (perhaps > 0) this.doubtful[kind] = perhaps
      // The grid of a study is imported whole, so its withheld configurations are there from the beginning.
      if (kind !== 'configuration') continue
      if (count > unnamed) this.added[kind] = count - unnamed
      else delete this.added[kind]
    }
  }

  /** Whether a fact cannot be one that was sealed and changed since. */
  #isLater(fact: Fact): boolean {
    const isAfter = (time: string) => Date.parse(time) > this.#sealedAt
    switch (fact.kind) {
      case 'environment':
      case 'configuration':
      case 'perturbation':
      case 'exclusion':
      case 'execution':
        return true
      case 'fulfilment':
        return isAfter(fact.fulfilledAt)
      case 'attempt':
        return isAfter(fact.endedAt)
      case 'withdrawal':
        return isAfter(fact.withdrawnAt)
      case 'measurement': // That of a sealed stage was sealed with it.
        return isAfter(fact.recordedAt) && !this.#sealedStages.has(fact.stageKey)
      case 'study':
      case 'failure':
        return false
    }
  }
}

function countOne(counts: Record<string, number>, kind: string): void {
  counts[kind] = (counts[kind] ?? 0) + 1
}

/** The kind and the id at the end of a place (`factPlace`). */
function nameOf(place: string): string {
  const words = place.split(' ')
  return words.slice(words[1]!.length === 64 ? 3 : 2).join(' ')
}
