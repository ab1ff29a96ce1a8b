/** Goes through pages item by item. */
export class Cursor<Item> {
  /** The item at which it stands; null before the first and after the last. */
  current: Item | null = null
  readonly #pages: AsyncIterator<readonly Item[]>
  #page: readonly Item[] = []
  #place = 0

  constructor(pages: AsyncIterable<readonly Item[]>) {
    this.#pages = pages[Symbol.asyncIterator]()
  }

  async next(): Promise<void> {
    while (this.#place >= this.#page.length) {
      const { done, value } = await this.#pages.next()
      if (done) {
        this.current = null
        return
      }
      this.#page = value
      this.#place = 0
    }
    this.current = this.#page[this.#place++]!
  }
}
