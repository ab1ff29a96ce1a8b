import { withStudyFacts, factPlace, type Fact, type LedgerDatabase } from '@gauntlet/ledger'
import { leafHash, MerkleRoot, recordLine, SealInvalid, type Seal } from '@gauntlet/seals'
import { openLeafList, type ListedLeaf } from './leaf-list.ts'

/** How the ledger differs from what was sealed. Facts are named by kind and id. */
export interface SealComparison {
  readonly same: number
  readonly changed: readonly string[]
  readonly gone: readonly string[]
  /** What was recorded since, which is no fault: how many facts of each kind. */
  readonly added: Readonly<Record<string, number>>
  /** Facts that the list of leaves withholds. */
  readonly withheld: number
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
  await withStudyFacts(db, seal.study.id, async (facts) => {
    const found = facts[Symbol.asyncIterator]()
    let current = await next(found)
    for await (const leaf of leaves) {
      root.add(Buffer.from(leaf.hash, 'hex'))
      if (root.size % 1000 === 0) onProgress?.(root.size)
      if (leaf.place === null) comparison.withheld++
      else {
        for (; current && factPlace(current) < leaf.place; current = await next(found)) comparison.add(current)
        if (current && factPlace(current) === leaf.place) {
          comparison.compare(current, leaf)
          current = await next(found)
        } else comparison.gone.push(nameOf(leaf.place))
      }
    }
    for (; current; current = await next(found)) comparison.add(current)
  })
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

  compare(fact: Fact, { place, salt, hash }: ListedLeaf): void {
    if (leafHash(recordLine(fact, salt!)).toString('hex') === hash) this.same++
    else this.changed.push(nameOf(place!))
  }

  add({ kind }: Fact): void {
    this.added[kind] = (this.added[kind] ?? 0) + 1
  }
}

/** The kind and the id at the end of a place (`factPlace`). */
function nameOf(place: string): string {
  const words = place.split(' ')
  return words.slice(words[1]!.length === 64 ? 3 : 2).join(' ')
}

async function next(facts: AsyncIterator<Fact>): Promise<Fact | null> {
  const { done, value } = await facts.next()
  return done ? null : value
}
