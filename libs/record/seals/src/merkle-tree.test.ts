import { createHash } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { LeafHashes, leafHash, MerkleRoot, rootOfPath } from './merkle-tree.ts'

const rootOf = (leaves: readonly (string | Uint8Array)[]) => {
  const root = new MerkleRoot()
  for (const leaf of leaves) root.add(leafHash(leaf))
  return root.root()
}

/** The definition of RFC 6962 §2.1, word by word. */
function defined(leaves: readonly string[]): Buffer {
  if (leaves.length === 0) return createHash('sha256').digest()
  if (leaves.length === 1) return leafHash(leaves[0]!)
  let k = 1
  while (2 * k < leaves.length) k *= 2
  const node = createHash('sha256').update(Uint8Array.of(1))
  return node
    .update(defined(leaves.slice(0, k)))
    .update(defined(leaves.slice(k)))
    .digest()
}

describe('a Merkle tree', () => {
  it('has the roots of the test vectors of Certificate Transparency', () => {
    const vectors = ['', '00', '10', '2021', '3031', '40414243', '5051525354555657', '606162636465666768696a6b6c6d6e6f']
    const roots = [
      'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855',
      '6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d',
      'fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125',
    ]
    const leaves = vectors.map((hex) => Buffer.from(hex, 'hex'))
    expect([0, 1, 2].map((size) => rootOf(leaves.slice(0, size)))).toEqual(roots)
    expect(rootOf(leaves)).toBe('5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328')
  })

  it('has the root that the definition gives, and a path from each leaf to it', () => {
    fc.assert(
      fc.property(fc.array(fc.string(), { minLength: 1, maxLength: 70 }), (leaves) => {
        const root = rootOf(leaves)
        expect(root).toBe(defined(leaves).toString('hex'))
        const hashes = new LeafHashes()
        for (const leaf of leaves) hashes.add(leafHash(leaf))
        for (const [index, leaf] of leaves.entries()) {
          const place = { index, size: leaves.length, path: hashes.auditPath(index) }
          expect(rootOfPath(leafHash(leaf), place)).toBe(root)
          expect(rootOfPath(leafHash(`${leaf}!`), place)).not.toBe(root)
          expect(rootOfPath(leafHash(leaf), { ...place, path: [...place.path, root] })).toBeNull()
          if (leaves.length > 1)
            expect(rootOfPath(leafHash(leaf), { ...place, path: place.path.slice(0, -1) })).toBeNull()
        }
      }),
      { numRuns: 40 },
    )
  })
})
