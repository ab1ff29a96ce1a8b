/** @typedef {import('./refuse.mjs').Refuse} Refuse */

/** Takes exact numbers of bytes from a stream of chunks. */
export class StreamReader {
  /** Bytes taken or skipped so far. */
  position = 0
  /** @type {AsyncIterator<Uint8Array>} */
  #chunks
  /**
   * The rest of the chunk that was begun.
   * @type {Uint8Array}
   */
  #held = new Uint8Array(0)
  /** @type {Refuse} */
  #refuse

  /**
   * @param {AsyncIterable<Uint8Array>} chunks
   * @param {Refuse} refuse called when the stream ends before the bytes asked for
   */
  constructor(chunks, refuse) {
    this.#chunks = chunks[Symbol.asyncIterator]()
    this.#refuse = refuse
  }

  /** Whether the stream ends exactly here. */
  async isAtEnd() {
    return !(await this.#fill())
  }

  /**
   * The next `length` bytes, piece by piece, as views of the chunks.
   * @param {number} length
   * @returns {AsyncGenerator<Uint8Array>}
   */
  async *pieces(length) {
    for (const end = this.position + length; this.position < end;) {
      if (!(await this.#fill())) this.#refuse('it ends in the middle of a file')
      const piece = this.#held.subarray(0, end - this.position)
      this.#held = this.#held.subarray(piece.length)
      this.position += piece.length
      yield piece
    }
  }

  /**
   * The next `length` bytes, in an array of their own.
   * @param {number} length
   */
  async take(length) {
    const taken = new Uint8Array(length)
    let done = 0
    for await (const piece of this.pieces(length)) {
      taken.set(piece, done)
      done += piece.length
    }
    return taken
  }

  /**
   * Passes over `length` bytes.
   * @param {number} length
   */
  async skip(length) {
    const pieces = this.pieces(length)
    while (!(await pieces.next()).done);
  }

  /** Lets go of the stream before its end. */
  async close() {
    await this.#chunks.return?.()
  }

  /** Makes sure that a byte is at hand; false at the end of the stream. */
  async #fill() {
    while (this.#held.length === 0) {
      const next = await this.#chunks.next()
      if (next.done) return false
      this.#held = next.value
    }
    return true
  }
}
