import { digestOfBytes } from '@gauntlet/study'
import { refuseWhileCapturing } from './recording/capturing.ts'

/**
 * What a random number is for. Draws with equal keys give equal bits, on any machine, in any order and for any batch
 * size.
 */
export interface RandomKey {
  readonly seed: number
  /** What the numbers are used for, such as `apgd-start` or `shuffle`. It keeps the streams of one seed apart. */
  readonly purpose: string
  /** Digest of the image that the draw is for, if it is for one image. */
  readonly image?: string
  readonly iteration?: number
}

/** The two words of Philox's key and the upper two words of its counter. */
export function keyWords(key: RandomKey): KeyWords {
  const text = `${key.seed}\u0000${key.purpose}\u0000${key.image ?? ''}\u0000${key.iteration ?? ''}`
  const digest = digestOfBytes(new TextEncoder().encode(text))
  const word = (i: number) => Number.parseInt(digest.slice(8 * i, 8 * i + 8), 16)
  return [word(0), word(1), word(2), word(3)]
}

/** One block of Philox4x32-10. It is exported for the generator's published test vectors. */
export function philox4x32(c0: number, c1: number, c2: number, c3: number, k0: number, k1: number): number[] {
  const words = new Uint32Array(4)
  writeBlock(words, 0, [c0, c1], [k0, k1, c2, c3])
  return [...words]
}

type KeyWords = readonly [key0: number, key1: number, counter2: number, counter3: number]

/**
 * Writes one block at `at`. It computes in numbers, since BigInt would be some twenty times slower, and makes no array
 * per round, which would be four times slower: on small models a tenth of Square's time was drawing.
 */
function writeBlock(words: Uint32Array, at: number, [low, high]: readonly [number, number], key: KeyWords): void {
  let [k0, k1, c2, c3] = key
  let [c0, c1] = [low, high]
  for (let round = 0; round < 10; round++) {
    const high0 = upperHalf(0xd2511f53, c0)
    const high1 = upperHalf(0xcd9e8d57, c2)
    const low0 = Math.imul(0xd2511f53, c0)
    c0 = (high1 ^ c1 ^ k0) >>> 0
    c1 = Math.imul(0xcd9e8d57, c2) >>> 0
    c2 = (high0 ^ c3 ^ k1) >>> 0
    c3 = low0 >>> 0
    k0 = (k0 + 0x9e3779b9) >>> 0
    k1 = (k1 + 0xbb67ae85) >>> 0
  }
  words[at] = c0
  words[at + 1] = c1
  words[at + 2] = c2
  words[at + 3] = c3
}

/** The upper 32 bits of a 32 × 32 bit product. */
function upperHalf(a: number, b: number): number {
  const [aLow, aHigh, bLow, bHigh] = [a & 0xffff, a >>> 16, b & 0xffff, b >>> 16]
  const middle = aHigh * bLow + ((aLow * bLow) >>> 16)
  const carry = aLow * bHigh + (middle & 0xffff)
  return (aHigh * bHigh + Math.floor(middle / 0x10000) + Math.floor(carry / 0x10000)) >>> 0
}

/**
 * The first words of a key's stream, at least `count`, by Philox4x32-10, a counter-based generator (Salmon et al.,
 * "Parallel random numbers: as easy as 1, 2, 3", SC 2011). The 64-bit key and the upper half of the counter come from
 * the SHA-256 of the RandomKey. The lower half of the counter has the number of the block, of four 32-bit words, and
 * `step`, which gives each iteration its own stream where the key was made before the iterations, as in programs
 * (`drawUniform`).
 */
export function philoxWords(key: RandomKey, count: number, step = 0): Uint32Array {
  refuseWhileCapturing(
    'random numbers made in JavaScript would be frozen; give them as inputs or draw them with drawUniform.',
  )
  const words = keyWords(key)
  const values = new Uint32Array(Math.ceil(count / 4) * 4)
  for (let i = 0; i < values.length; i += 4) writeBlock(values, i, [i / 4, step], words)
  return values
}

/** `count` numbers in [0, 1), each of 24 random bits, which float32 holds exactly. */
export function uniform(key: RandomKey, count: number, step = 0): Float32Array {
  const words = philoxWords(key, count, step)
  const values = new Float32Array(count)
  for (let i = 0; i < count; i++) values[i] = (words[i]! >>> 8) / 2 ** 24
  return values
}

/** `count` standard normal numbers, by the Box–Muller transform. */
export function normal(key: RandomKey, count: number, step = 0): Float32Array {
  const words = philoxWords(key, count + (count % 2), step)
  const values = new Float32Array(count)
  for (let i = 0; i < count; i += 2) {
    const radius = Math.sqrt(-2 * Math.log(((words[i]! >>> 8) + 0.5) / 2 ** 24))
    const angle = 2 * Math.PI * ((words[i + 1]! >>> 8) / 2 ** 24)
    values[i] = radius * Math.cos(angle)
    if (i + 1 < count) values[i + 1] = radius * Math.sin(angle)
  }
  return values
}

/** A random permutation of 0 … count − 1 (Fisher–Yates shuffle). */
export function permutation(key: RandomKey, count: number): number[] {
  const words = philoxWords(key, count)
  const order = Array.from({ length: count }, (_, i) => i)
  for (let i = count - 1; i > 0; i--) {
    const j = Math.floor((words[count - 1 - i]! / 2 ** 32) * (i + 1))
    ;[order[i], order[j]] = [order[j]!, order[i]!]
  }
  return order
}
