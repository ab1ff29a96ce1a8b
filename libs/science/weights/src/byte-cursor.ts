import { bytesInMemory, type ByteSource } from '@gauntlet/files'
import { refuse } from './checkpoint-unreadable.ts'

/** The bytes that are read at once, since the structure of a checkpoint is many small values. */
const readAhead = 2 ** 16

/**
 * Reads little-endian values one after the other, and never past the end. Each length is checked before anything of
 * that size is made.
 */
export class ByteCursor {
  private readonly source: ByteSource
  private readonly end: number
  private window = new DataView(new ArrayBuffer(0))
  private windowStart = 0
  private offset = 0

  constructor(
    source: ByteSource | Uint8Array,
    public position = 0,
  ) {
    this.source = source instanceof Uint8Array ? bytesInMemory(source) : source
    this.end = this.source.size
  }

  /** The next bytes, as a view of what is in memory. */
  take(count: number): Uint8Array {
    const { buffer, byteOffset } = this.ahead(count)
    return new Uint8Array(buffer, byteOffset + this.offset, count)
  }

  /** Moves past bytes without reading them, and gives where they start. */
  skip(count: number): number {
    const start = this.position
    if (!(count >= 0 && count <= this.end - start)) refuse(`it ends early, at byte ${this.end}`)
    this.position = start + count
    return start
  }

  uint8(): number {
    return this.ahead(1).getUint8(this.offset)
  }

  uint16(): number {
    return this.ahead(2).getUint16(this.offset, true)
  }

  int32(): number {
    return this.ahead(4).getInt32(this.offset, true)
  }

  uint32(): number {
    return this.ahead(4).getUint32(this.offset, true)
  }

  /** A 64-bit length. A length that a number does not hold exactly is larger than any file. */
  length64(): number {
    const length = this.ahead(8).getBigUint64(this.offset, true)
    return length <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(length) : refuse(`it has a length of ${length} bytes`)
  }

  /** A big-endian float64, as pickles have them. */
  float64BigEndian(): number {
    return this.ahead(8).getFloat64(this.offset, false)
  }

  /** The text up to the next line feed, which is skipped. */
  line(limit = 256): string {
    const start = this.position
    const ahead = this.take(Math.min(limit, this.end - start)).indexOf(0x0a)
    if (ahead < 0) refuse('it has a line without end')
    this.position = start
    const text = this.text(ahead)
    this.position++
    return text
  }

  text(count: number): string {
    const bytes = this.take(count)
    try {
      return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
    } catch {
      return refuse('it has text that is not UTF-8')
    }
  }

  /**
   * Moves past a value of this size, and gives a window that contains it. The value starts at `offset` of the window.
   */
  private ahead(count: number): DataView {
    const start = this.skip(count)
    const isInside = start >= this.windowStart && start + count <= this.windowStart + this.window.byteLength
    if (!isInside) {
      const bytes = this.source.read(start, Math.min(this.end - start, Math.max(count, readAhead)))
      this.window = new DataView(bytes.buffer as ArrayBuffer, bytes.byteOffset, bytes.byteLength)
      this.windowStart = start
    }
    this.offset = start - this.windowStart
    return this.window
  }
}
