import type { FactKind, PlacedFact } from '@gauntlet/ledger'
import { leafHash, MerkleRoot, recordLine, saltOf } from '@gauntlet/seals'
import type { LeafListWriter } from './leaf-list.ts'

/** The line of a fact in a record, with its hash. */
export interface WrittenLine {
  readonly line: string
  readonly hash: Buffer
}

/** Makes the lines of a record, and what a seal says of them. */
export class RecordWriter {
  readonly facts: Partial<Record<FactKind, number>> = {}
  readonly #root = new MerkleRoot()

  constructor(
    private readonly secret: string,
    private readonly leaves: LeafListWriter,
  ) {}

  async add({ place, fact }: PlacedFact): Promise<WrittenLine> {
    const salt = saltOf(this.secret, fact.kind, place)
    const line = recordLine(fact, salt)
    const hash = leafHash(line)
    this.#root.add(hash)
    this.facts[fact.kind] = (this.facts[fact.kind] ?? 0) + 1
    await this.leaves.add({ place, salt, hash: hash.toString('hex') })
    return { line, hash }
  }

  get size(): number {
    return this.#root.size
  }

  tree(): { readonly size: number; readonly root: string } {
    return { size: this.size, root: this.#root.root() }
  }
}
