/**
 * NumPy's legacy generator `RandomState(seed)`, as far as scikit-learn draws splits by it: the Mersenne Twister MT19937
 * (Matsumoto and Nishimura, 1998), seeded by one number, and a shuffle by rejection of masked 32-bit numbers
 * (numpy/random/mtrand.pyx, `shuffle`, and src/distributions, `random_interval`). Its stream is frozen by NEP 19.
 */
export class RandomState {
  private readonly state = new Uint32Array(size)
  private next = size

  /** seed: 0 to 2³² − 1 */
  constructor(seed: number) {
    this.state[0] = seed
    for (let i = 1; i < size; i++) {
      const before = this.state[i - 1]!
      this.state[i] = Math.imul(1_812_433_253, before ^ (before >>> 30)) + i
    }
  }

  /** A permutation of the items, which stay as they are. */
  permutation<Item>(items: readonly Item[]): Item[] {
    const shuffled = [...items]
    for (let i = shuffled.length - 1; i > 0; i--) {
      const j = this.upTo(i)
      ;[shuffled[i], shuffled[j]] = [shuffled[j]!, shuffled[i]!]
    }
    return shuffled
  }

  /** `count` of the items without replacement, as `choice(items, count, replace=False)`. */
  choice<Item>(items: readonly Item[], count: number): Item[] {
    return this.permutation(items).slice(0, count)
  }

  /** A whole number from 0 to `most`, both included. */
  private upTo(most: number): number {
    const mask = 2 ** (32 - Math.clz32(most)) - 1
    for (;;) {
      const value = (this.uint32() & mask) >>> 0
      if (value <= most) return value
    }
  }

  private uint32(): number {
    if (this.next === size) this.twist()
    let y = this.state[this.next++]!
    y ^= y >>> 11
    y ^= (y << 7) & 0x9d2c5680
    y ^= (y << 15) & 0xefc60000
    return (y ^ (y >>> 18)) >>> 0
  }

  private twist(): void {
    for (let i = 0; i < size; i++) {
      const y = (this.state[i]! & 0x80000000) | (this.state[(i + 1) % size]! & 0x7fffffff)
      this.state[i] = this.state[(i + 397) % size]! ^ (y >>> 1) ^ (y & 1 ? 0x9908b0df : 0)
    }
    this.next = 0
  }
}

/** Words of the generator's state. */
const size = 624
