import { closeSync, createReadStream, openSync, writeSync } from 'node:fs'
import type { ZipSource } from '@gauntlet/files'

/** Characters that are held before they are written. */
const held = 1 << 20

/** Text that is written to a temporary file as it comes, and read again when it is put into an archive. */
export class Spool {
  readonly #file: number
  #parts: string[] = []
  #length = 0

  constructor(readonly path: string) {
    this.#file = openSync(path, 'w')
  }

  write(text: string): void {
    this.#parts.push(text)
    this.#length += text.length
    if (this.#length >= held) this.#flush()
  }

  close(): void {
    this.#flush()
    closeSync(this.#file)
  }

  content(): AsyncIterable<Uint8Array> {
    return bytesOfFile(this.path)
  }

  member(name: string): ZipSource {
    return { name, content: this.content() }
  }

  #flush(): void {
    writeSync(this.#file, this.#parts.join(''))
    this.#parts = []
    this.#length = 0
  }
}

/** The bytes of a file, which is opened once they are asked for: an archive has thousands. */
export async function* bytesOfFile(path: string): AsyncGenerator<Uint8Array> {
  yield* createReadStream(path, { highWaterMark: 1 << 20 })
}

/** A list of JSON values that is written value by value. */
export class JsonListSpool {
  readonly #spool: Spool
  #isEmpty = true

  constructor(path: string) {
    this.#spool = new Spool(path)
  }

  /** A value of a list, or with a name a member of an object. */
  add(value: unknown, name?: string): void {
    const key = name === undefined ? '' : `${JSON.stringify(name)}:`
    this.#spool.write(`${this.#isEmpty ? '' : ',\n'}${key}${JSON.stringify(value)}`)
    this.#isEmpty = false
  }

  close(): void {
    this.#spool.close()
  }

  content(): AsyncIterable<Uint8Array> {
    return this.#spool.content()
  }
}
