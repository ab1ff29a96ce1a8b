import { InvalidDataset } from './invalid-dataset.ts'

/** Takes given numbers of bytes from a stream of chunks. */
export class BytesReader {
  private readonly chunks: AsyncIterator<Uint8Array>
  private current: Uint8Array = new Uint8Array(0)
  /** Bytes taken or skipped so far. */
  position = 0

  constructor(chunks: AsyncIterable<Uint8Array>) {
    this.chunks = chunks[Symbol.asyncIterator]()
  }

  /** The next `length` bytes; `null` where the stream ends exactly here. */
  async takeOrEnd(length: number): Promise<Uint8Array | null> {
    return (await this.fill()) ? this.take(length) : null
  }

  /** The next `length` bytes, as a copy. */
  async take(length: number): Promise<Uint8Array> {
    const taken = new Uint8Array(length)
    await this.advance(length, (part, at) => taken.set(part, at))
    return taken
  }

  /** Skips `length` bytes. */
  async skip(length: number): Promise<void> {
    await this.advance(length, () => {})
  }

  /** Ends the stream, also before its last chunk. */
  async close(): Promise<void> {
    await this.chunks.return?.()
  }

  private async advance(length: number, visit: (part: Uint8Array, at: number) => void): Promise<void> {
    for (let done = 0; done < length;) {
      if (!(await this.fill()))
        throw new InvalidDataset('The dataset archive ends in the middle of a file; fetch it again.')
      const part = this.current.subarray(0, length - done)
      visit(part, done)
      done += part.length
      this.position += part.length
      this.current = this.current.subarray(part.length)
    }
  }

  /** Makes `current` hold at least one byte; false at the end of the stream. */
  private async fill(): Promise<boolean> {
    while (this.current.length === 0) {
      const next = await this.chunks.next()
      if (next.done) return false
      this.current = next.value
    }
    return true
  }
}
