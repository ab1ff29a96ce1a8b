import { withStudyFacts, type Fact, type FactKind, type LedgerDatabase, type PlacedFact } from '@gauntlet/ledger'
import { leafHash, MerkleRoot, recordLine, SealInvalid, type Seal } from '@gauntlet/seals'
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
   * than the list names, and the ledger has others. Configurations are left out, since their study's file fixes them.
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
  const comparison = new Comparison()
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
  comparison.judgeWithheld(seal.facts)
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
  /** Facts of each kind that the list names. */
  readonly #named: Record<string, number> = {}

  compare({ place, fact }: PlacedFact, { salt, hash }: ListedLeaf): void {
    countOne(this.#named, fact.kind)
    if (leafHash(recordLine(fact, salt!)).toString('hex') === hash) this.same++
    else this.changed.push(nameOf(place))
  }

  lose(place: string): void {
    const name = nameOf(place)
    countOne(this.#named, name.split(' ')[0]!)
    this.gone.push(name)
  }

  judgeWithheld(sealed: Seal['facts']): void {
    const fixed: FactKind = 'configuration'
    for (const [kind, count] of Object.entries(this.added)) {
      const unnamed = (sealed[kind] ?? 0) - (this.#named[kind] ?? 0)
      if (unnamed <= 0) continue
      if (kind !== fixed) this.doubtful[kind] = count
      else if (count > unnamed) this.added[kind] = count - unnamed
      else delete this.added[kind]
    }
  }

  add({ kind }: Fact): void {
    countOne(this.added, kind)
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

/** Goes through pages item by item. */
class Cursor<Item> {
  /** The item at which it stands; null before the first and after the last. */
  current: Item | null = null
  readonly #pages: AsyncIterator<readonly Item[]>
  #page: readonly Item[] = []
  #place = 0

  constructor(pages: AsyncIterable<readonly Item[]>) {
    this.#pages = pages[Symbol.asyncIterator]()
  }

  async next(): Promise<void> {
    while (this.#place >= this.#page.length) {
      const { done, value } = await this.#pages.next()
      if (done) {
        this.current = null
        return
      }
      this.#page = value
      this.#place = 0
    }
    this.current = this.#page[this.#place++]!
  }
}
