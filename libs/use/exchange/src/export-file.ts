import { closeSync, openSync, readSync } from 'node:fs'
import { readZipDirectory, readZipMember, withBytesOfFile } from '@gauntlet/files'
import { factPlace, type Fact } from '@gauntlet/ledger'
import { MerkleRoot, parseSealed, readLine, sealDigest, type ReadLine, type Sealed } from '@gauntlet/seals'
import type { Digest } from '@gauntlet/study'
import { artifactPath } from './crate-document.ts'
import { refusing } from './export-invalid.ts'
import { parseFact } from './parse-fact.ts'
import type { Refuse } from './refuse.ts'

/** Bytes of the first line of a record, which has the study's file, of every other, and of a seal's file. */
const [studyLine, longestLine, largestSeal] = [32 << 20, 4 << 20, 16 << 20]

/** In JSON, what a text in Postgres cannot have: the character 0, and half of a surrogate pair. */
const unstorable = /(?<!\\)(?:\\\\)*\\u(?:0000|[dD][89a-fA-F])/

type Members = ReturnType<typeof readZipDirectory>

/** Where an archive has an earlier seal. */
export function sealPath(digest: Digest): string {
  return `seals/${digest}.json`
}

/** A line of a record that was checked: its fact, or null where it is withheld, with its place, salt and hash. */
export interface CheckedLine extends Pick<ReadLine, 'salt' | 'hash'> {
  readonly fact: Fact | null
  readonly place: string | null
}

/** Whether a file begins as zip archives do. */
export function isArchive(file: string): boolean {
  const descriptor = openSync(file, 'r')
  try {
    const begin = Buffer.alloc(4)
    return readSync(descriptor, begin) === 4 && begin.readUInt32LE(0) === 0x04034b50
  } finally {
    closeSync(descriptor)
  }
}

/** An export of a study as it lies on the disk. Nothing in it is trusted: each part is checked when it is read. */
export class ExportFile {
  readonly sealed: Sealed
  /** The seals before, the last one first, each of which the next one names. */
  readonly earlier: readonly Sealed[]

  private constructor(
    private readonly file: string,
    private readonly members: Members,
    private readonly refuse: Refuse,
    seals: { readonly sealed: Sealed; readonly earlier: readonly Sealed[] },
  ) {
    this.sealed = seals.sealed
    this.earlier = seals.earlier
  }

  /** Opens an export. Throws `ExportInvalid` and `SealInvalid`. */
  static async open(file: string): Promise<ExportFile> {
    const refuse = refusing(file)
    const members = withBytesOfFile(file, (source) => readZipDirectory(source, refuse), refuse)
    const sealed = await sealedIn(file, members, 'seal.json', refuse)
    const earlier: Sealed[] = []
    for (let { previous } = sealed.seal; previous !== null;) {
      const name = sealPath(previous)
      if (!members.has(name)) break
      const before = await sealedIn(file, members, name, refuse)
      if (sealDigest(before.seal) !== previous || before.seal.study.id !== sealed.seal.study.id)
        refuse(`its ${name} is another seal`)
      earlier.push(before)
      previous = before.seal.previous
    }
    return new ExportFile(file, members, refuse, { sealed, earlier })
  }

  /**
   * The lines of the record, each fact checked by itself, in their order. Behind the last one the root is compared with
   * the seal's, so whoever stops before has checked nothing. Throws `ExportInvalid`.
   */
  async *lines(): AsyncGenerator<CheckedLine> {
    const root = new MerkleRoot()
    let last = ''
    for await (const text of this.#texts()) {
      if (unstorable.test(text)) this.refuse('its record has a text that no ledger can hold')
      const line = readLine(text) ?? this.refuse('its record has a line that is not canonical JSON')
      const fact = line.fact && (parseFact(line.fact) as Fact | string)
      if (typeof fact === 'string') this.refuse(fact)
      const place = fact && factPlace(fact)
      if (place !== null && place <= last) this.refuse('its record is not in order, or has a fact twice')
      last = place ?? last
      root.add(line.hash)
      yield { fact, place, salt: line.salt, hash: line.hash }
    }
    const { size, root: sealed } = this.sealed.seal.tree
    if (root.size !== size || root.root() !== sealed)
      this.refuse('its record is not the one that its seal covers, so something in it was changed')
  }

  /** The names of its files. */
  names(): Iterable<string> {
    return this.members.keys()
  }

  /** The bytes of a file; null where there is none of this name. */
  bytesOf(name: string): AsyncGenerator<Buffer> | null {
    const member = this.members.get(name)
    return member ? readZipMember(this.file, member, this.refuse) : null
  }

  hasArtifact(digest: Digest): boolean {
    return this.members.has(artifactPath(digest))
  }

  /** The bytes of an artifact, which are not compared with its digest. */
  artifact(digest: Digest): AsyncGenerator<Buffer> {
    return this.bytesOf(artifactPath(digest))!
  }

  refuses(wrong: string): never {
    return this.refuse(wrong)
  }

  async *#texts(): AsyncGenerator<string> {
    const member = this.members.get('record.jsonl') ?? this.refuse('it has no record of a study')
    let rest: Buffer[] = []
    let held = 0
    let longest = studyLine
    for await (const chunk of readZipMember(this.file, member, this.refuse)) {
      let from = 0
      for (let end = chunk.indexOf(10); end >= 0; end = chunk.indexOf(10, from)) {
        yield Buffer.concat([...rest, chunk.subarray(from, end)]).toString('utf8')
        ;[rest, held, from, longest] = [[], 0, end + 1, longestLine]
      }
      rest.push(chunk.subarray(from))
      held += chunk.length - from
      if (held > longest) this.refuse('its record has a line without an end')
    }
    if (held > 0) this.refuse('its record ends in the middle of a line')
  }
}

async function sealedIn(file: string, members: Members, name: string, refuse: Refuse): Promise<Sealed> {
  const member = members.get(name) ?? refuse('it has no seal, so it is no export of Gauntlet')
  if (member.size > largestSeal) refuse(`its ${name} has ${member.size} bytes`)
  const pieces: Buffer[] = []
  for await (const piece of readZipMember(file, member, refuse)) pieces.push(piece)
  return parseSealed(Buffer.concat(pieces).toString('utf8'), `${name} in ${file}`)
}
