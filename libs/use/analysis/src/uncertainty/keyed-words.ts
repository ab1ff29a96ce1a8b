import { digestOfBytes } from '@gauntlet/study'

/** What random words are for. The same key gives the same words, on any machine and in any order. */
export interface WordKey {
  readonly seed: number
  /** The use, such as `bootstrap seeds`; keeps streams of one seed apart. */
  readonly purpose: string
}

/** A stream of 32-bit words by the number of a draw and the place in it. */
export type WordStream = (draw: number, count: number) => Uint32Array

/**
 * The words of a key, by Philox4x32-10 (Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", SC 2011), a
 * counter-based generator: draw d has the same words whatever was drawn before it. Key and the upper half of the
 * counter come from the SHA-256 of seed and purpose; the lower half counts blocks of four words and draws. These are
 * the words that `philoxWords` of the engine gives for the same key; that room holds tensors, so this one cannot
 * import it.
 */
export function keyedWords({ seed, purpose }: WordKey): WordStream {
  const digest = digestOfBytes(new TextEncoder().encode(`${seed}\u0000${purpose}\u0000\u0000`))
  const [k0, k1, c2, c3] = [0, 8, 16, 24].map((at) => Number.parseInt(digest.slice(at, at + 8), 16)) as [
    number,
    number,
    number,
    number,
  ]
  return (draw, count) => {
    const words = new Uint32Array(Math.ceil(count / 4) * 4)
    for (let at = 0; at < words.length; at += 4) {
      words[at] = at / 4
      words[at + 1] = draw
      words[at + 2] = c2
      words[at + 3] = c3
      encryptBlock(words, at, k0, k1)
    }
    return words.subarray(0, count)
  }
}

/** Ten rounds of Philox over the four words at `at`. Exported for its published test vectors. */
export function encryptBlock(words: Uint32Array, at: number, key0: number, key1: number): void {
  let [k0, k1] = [key0, key1]
  for (let round = 0; round < 10; round++) {
    const [w0, w2] = [words[at]!, words[at + 2]!]
    words[at] = upperProduct(0xcd9e8d57, w2) ^ words[at + 1]! ^ k0
    words[at + 1] = Math.imul(0xcd9e8d57, w2)
    words[at + 2] = upperProduct(0xd2511f53, w0) ^ words[at + 3]! ^ k1
    words[at + 3] = Math.imul(0xd2511f53, w0)
    k0 = (k0 + 0x9e3779b9) >>> 0
    k1 = (k1 + 0xbb67ae85) >>> 0
  }
}

/** The upper 32 bits of a product of two words, from products of halves, which a double holds exactly. */
function upperProduct(a: number, b: number): number {
  const [aHigh, aLow, bHigh, bLow] = [a >>> 16, a & 0xffff, b >>> 16, b & 0xffff]
  const middle = aHigh * bLow + Math.floor((aLow * bLow) / 0x10000)
  const rest = (middle % 0x10000) + aLow * bHigh
  return aHigh * bHigh + Math.floor(middle / 0x10000) + Math.floor(rest / 0x10000)
}

/** A word as an integer in [0, limit). The bias towards some is below limit / 2³². */
export function wordBelow(word: number, limit: number): number {
  return Math.floor((word * limit) / 2 ** 32)
}
