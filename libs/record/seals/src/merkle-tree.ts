import { hash as hashOf } from 'node:crypto'

/** Bytes of a hash. */
const hashSize = 32

/** The hash of a leaf: SHA-256(0x00 ‖ leaf), RFC 6962 §2.1. */
export function leafHash(leaf: Uint8Array | string): Buffer {
  return hashOf('sha256', typeof leaf === 'string' ? `\0${leaf}` : Buffer.concat([leafPrefix, leaf]), 'buffer')
}

/** The hash of an inner node: SHA-256(0x01 ‖ left ‖ right), RFC 6962 §2.1. */
function nodeHash(left: Uint8Array, right: Uint8Array): Buffer {
  node.set(left, 1)
  node.set(right, 1 + hashSize)
  return hashOf('sha256', node, 'buffer')
}

const leafPrefix = Uint8Array.of(0)

/** The node that is hashed, in the same bytes every time: a tree has as many nodes as leaves. */
const node = new Uint8Array(1 + 2 * hashSize)
node[0] = 1

interface Subtree {
  readonly hash: Buffer
  readonly leaves: number
}

/** The root of a tree whose leaves come one after the other. It keeps a hash for each level, however many come. */
export class MerkleRoot {
  /** Roots of complete subtrees, the largest first, each with the number of its leaves. */
  readonly #subtrees: Subtree[] = []
  #size = 0

  get size(): number {
    return this.#size
  }

  add(hash: Uint8Array): void {
    this.#size++
    let added: Subtree = { hash: Buffer.from(hash), leaves: 1 }
    for (let last = this.#subtrees.at(-1); last?.leaves === added.leaves; last = this.#subtrees.at(-1)) {
      added = { hash: nodeHash(last.hash, added.hash), leaves: 2 * added.leaves }
      this.#subtrees.pop()
    }
    this.#subtrees.push(added)
  }

  /** The Merkle tree hash (RFC 6962 §2.1) of what was added, in hexadecimal digits; of nothing, the SHA-256 of "". */
  root(): string {
    const hashes = this.#subtrees.map(({ hash }) => hash)
    if (hashes.length === 0) return hashOf('sha256', '', 'hex')
    return hashes.reduceRight((right, left) => nodeHash(left, right)).toString('hex')
  }
}

/** The hashes of a tree's leaves, without an object for each: there are hundreds of thousands. */
export class LeafHashes {
  #bytes = Buffer.alloc(hashSize * 1024)
  #size = 0

  get size(): number {
    return this.#size
  }

  add(hash: Uint8Array): void {
    const end = hashSize * this.#size
    if (end === this.#bytes.length) this.#bytes = Buffer.concat([this.#bytes, Buffer.alloc(end)])
    this.#bytes.set(hash, end)
    this.#size++
  }

  at(index: number): Buffer {
    return this.#bytes.subarray(hashSize * index, hashSize * (index + 1))
  }

  /**
   * The audit path of a leaf (RFC 6962 §2.1.1), in hexadecimal digits: the hashes beside the way from it to the root,
   * the lowest first.
   */
  auditPath(index: number): string[] {
    if (!Number.isInteger(index) || index < 0 || index >= this.#size) {
      throw new RangeError(`There is no leaf ${index} among ${this.#size}; count leaves from 0.`)
    }
    return this.#path(index, 0, this.#size).map((hash) => hash.toString('hex'))
  }

  #path(index: number, start: number, size: number): Buffer[] {
    if (size <= 1) return []
    const left = largestPowerBelow(size)
    return index < left
      ? [...this.#path(index, start, left), this.#subtree(start + left, size - left)]
      : [...this.#path(index - left, start + left, size - left), this.#subtree(start, left)]
  }

  #subtree(start: number, size: number): Buffer {
    const root = new MerkleRoot()
    for (let index = start; index < start + size; index++) root.add(this.at(index))
    return Buffer.from(root.root(), 'hex')
  }
}

/**
 * The root that a leaf and its audit path lead to (RFC 9162 §2.1.3.2, for the trees of RFC 6962), in hexadecimal
 * digits; null where the path has not the length that a tree of this size asks for.
 */
export function rootOfPath(
  leaf: Uint8Array,
  { index, size, path }: { readonly index: number; readonly size: number; readonly path: readonly string[] },
): string | null {
  if (index < 0 || index >= size) return null
  let [place, last] = [index, size - 1]
  let hash: Buffer = Buffer.from(leaf)
  for (const beside of path.map((hex) => Buffer.from(hex, 'hex'))) {
    if (last === 0 || beside.length !== hashSize) return null
    if (place % 2 === 1 || place === last) {
      hash = nodeHash(beside, hash)
      while (place % 2 === 0 && place !== 0) [place, last] = [place / 2, Math.floor(last / 2)]
    } else hash = nodeHash(hash, beside)
    ;[place, last] = [Math.floor(place / 2), Math.floor(last / 2)]
  }
  return last === 0 ? hash.toString('hex') : null
}

/** The largest power of two that is smaller than `size`, which is at least 2. */
function largestPowerBelow(size: number): number {
  let power = 1
  while (2 * power < size) power *= 2
  return power
}
