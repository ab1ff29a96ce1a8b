import { createHash } from 'node:crypto'
import { createWriteStream } from 'node:fs'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { finished, pipeline } from 'node:stream/promises'
import { importFacts, whileSealing, type Fact, type ImportCounts } from '@gauntlet/ledger'
import {
  claimedSigners,
  isAbout,
  isSignedBy,
  sealDigest,
  type PublicKey,
  type Seal,
  type Sealed,
} from '@gauntlet/seals'
import type { Digest } from '@gauntlet/study'
import { checkRecord, type CheckedRecord } from './check-record.ts'
import { DerivedFiles } from './derived-files.ts'
import { ExportFile } from './export-file.ts'
import { refusing } from './export-invalid.ts'
import { compareFilesBesideRecord, type FilesBesideRecord } from './files-beside-record.ts'
import { inTemporaryFolder } from './in-temporary-folder.ts'
import { Cursor } from './cursor.ts'
import { LeafListWriter, leafListType, openLeafList } from './leaf-list.ts'
import { miscountOf } from './miscount.ts'
import { rowOf, storedLeafList, type RecordSources } from './seal-study.ts'

/** Bytes beyond which outcomes are counted again by `gauntlet verify` alone: those of a million images have half. */
const largestOutcomes = 256 << 20

/** What is asked of an export before it is believed. */
export interface Expectations {
  /** Its seal must be this one, which was kept elsewhere: the digest of the printed line. */
  readonly seal?: Digest
  /** Its seal must be signed with this key. */
  readonly publicKey?: PublicKey
  readonly onProgress?: (doing: string) => void
}

/** An export that holds together. */
export interface CheckedExport extends Pick<CheckedRecord, 'facts' | 'withheld' | 'measurements'> {
  readonly seal: Seal
  readonly digest: Digest
  /** The keys by which it says that it is signed, and whether one of them is the expected one. */
  readonly signers: readonly Digest[]
  readonly isSigned: boolean
  /** Artifacts that the archive has, each with its digest. */
  readonly artifacts: number
}

/** An export of which all was checked, the files too that an import does not read. */
export interface VerifiedExport extends CheckedExport, FilesBesideRecord {}

/** What an import has made of it. */
export interface ImportedExport extends CheckedExport, ImportCounts {
  readonly name: string
  readonly artifactsStored: number
}

/**
 * Checks an export by itself, offline: its record against its seal, every fact and every artifact in it against its
 * digest, and what it has beside its record against that. Throws `ExportInvalid` and `SealInvalid`.
 */
export async function verifyExport(file: string, expected: Expectations = {}): Promise<VerifiedExport> {
  const opened = await ExportFile.open(file)
  return inTemporaryFolder(async (folder) => {
    const derived = new DerivedFiles(folder)
    const checking = checkedExport(opened, expected, (fact) => derived.add(fact))
    const { record, ...checked } = await checking.finally(() => derived.close())
    let artifacts = 0
    for (const digest of record.artifacts.keys()) {
      if (!opened.hasArtifact(digest)) continue
      await finished(Readable.from(checkedArtifact(opened, digest, record)).resume())
      artifacts++
      expected.onProgress?.(`artifacts compared with their digests: ${artifacts.toLocaleString('en')}`)
    }
    return { ...checked, ...(await compareFilesBesideRecord(opened, record, derived)), artifacts }
  })
}

/**
 * Takes an export into a ledger and a store. First the whole record is checked, then the artifacts are stored, each
 * compared with its digest, and then all rows are written in one transaction, which checks the record again. A kill at
 * any moment leaves artifacts that nothing refers to, and importing again completes it. Throws `ExportInvalid`,
 * `SealInvalid` and `ImportContradicted`.
 */
export async function importStudy(
  { db, store }: RecordSources,
  file: string,
  expected: Expectations = {},
): Promise<ImportedExport> {
  const opened = await ExportFile.open(file)
  const { record, ...checked } = await checkedExport(opened, expected)
  return inTemporaryFolder(async (folder) => {
    const stored = await storeArtifacts(opened, store, record, folder, expected)
    const { sealed, earlier } = opened
    const counts = await whileSealing(db, record.study.id, async () => {
      const list = join(folder, 'leaves.gz')
      await writeLeafList(opened, list, await storedLeafList({ db, store }, sealed.seal))
      const leaves = await store.putFile(list, leafListType)
      const seals = [{ ...rowOf(sealed), leaves }, ...earlier.map((one) => ({ ...rowOf(one), leaves: null }))]
      const facts = disclosedFacts(opened, expected.onProgress)
      return importFacts(db, facts, seals, record.grid).catch(refusalOf(file))
    })
    return { ...checked, ...counts, ...stored, name: record.study.name }
  })
}

async function checkedExport(
  opened: ExportFile,
  { seal: expectedSeal, publicKey, onProgress }: Expectations,
  onFact?: (fact: Fact) => Promise<unknown>,
) {
  const { seal, envelope } = opened.sealed
  const digest = sealDigest(seal)
  if (expectedSeal !== undefined && digest !== expectedSeal)
    opened.refuses(`its seal is ${digest}, not ${expectedSeal}`)
  const isSigned = isSealSignedBy(opened.sealed, publicKey)
  if (publicKey && !isSigned) opened.refuses(`its seal is not signed with key ${publicKey.id}`)
  const onChecked = (facts: number) => onProgress?.(`${facts.toLocaleString('en')} facts checked`)
  const record = await checkRecord(opened, onChecked, onFact)
  const { facts, withheld, measurements } = record
  return {
    seal,
    digest,
    signers: envelope ? claimedSigners(envelope) : [],
    isSigned,
    facts,
    withheld,
    measurements,
    record,
  }
}

/** Whether a seal is signed with this key; false without a key. */
export function isSealSignedBy({ seal, envelope }: Sealed, publicKey: PublicKey | undefined): boolean {
  return publicKey !== undefined && envelope !== null && isAbout(envelope, seal) && isSignedBy(envelope, publicKey)
}

async function storeArtifacts(
  opened: ExportFile,
  store: RecordSources['store'],
  record: CheckedRecord,
  folder: string,
  { onProgress }: Expectations,
): Promise<{ artifacts: number; artifactsStored: number }> {
  const carried = [...record.artifacts.keys()].filter((digest) => opened.hasArtifact(digest))
  let stored = 0
  for (const [index, digest] of carried.entries()) {
    onProgress?.(`${index + 1}/${carried.length} artifacts stored`)
    const isThere = (await store.verify(digest)) === 'intact'
    const path = join(folder, 'artifact')
    await pipeline(checkedArtifact(opened, digest, record), createWriteStream(path))
    // What is there already is stored again, so that a garbage collection beside this import counts it as new.
    await store.putFile(path, 'application/octet-stream')
    await rm(path)
    if (!isThere) stored++
  }
  return { artifacts: carried.length, artifactsStored: stored }
}

/**
 * The bytes of an artifact, which behind the last piece are known to have its digest and its size and, where they are
 * outcomes, to count the numbers that say so.
 */
async function* checkedArtifact(
  opened: ExportFile,
  digest: Digest,
  { artifacts, countedFrom }: CheckedRecord,
): AsyncGenerator<Buffer> {
  const hash = createHash('sha256')
  const numbers = countedFrom.get(digest)
  const outcomes: Buffer[] = []
  let size = 0
  for await (const piece of opened.artifact(digest)) {
    hash.update(piece)
    size += piece.length
    if (numbers && size <= largestOutcomes) outcomes.push(piece)
    yield piece
  }
  const found = hash.digest('hex')
  if (found !== digest) opened.refuses(`its artifact ${digest} has the bytes of ${found}`)
  if (size !== (artifacts.get(digest) ?? size)) opened.refuses(`its artifact ${digest} has ${size} bytes`)
  const miscount = numbers && size <= largestOutcomes ? miscountOf(Buffer.concat(outcomes), numbers) : null
  if (miscount !== null) opened.refuses(miscount)
}

/** Writes the list of the leaves. What this export withholds is named where the `known` list of its seal names it. */
async function writeLeafList(opened: ExportFile, path: string, known: string | null): Promise<void> {
  const list = new LeafListWriter(path, null)
  const earlier = known === null ? null : await openLeafList(known)
  const named = earlier && new Cursor(earlier.leaves)
  for await (const { place, salt, hash } of opened.lines()) {
    const leaf = { place, salt, hash: hash.toString('hex') }
    await named?.next()
    const there = named?.current
    await list.add(place === null && there?.hash === leaf.hash ? there : leaf)
  }
  await earlier?.close()
  await list.close()
}

async function* disclosedFacts(opened: ExportFile, onProgress: Expectations['onProgress']): AsyncGenerator<Fact> {
  let count = 0
  for await (const { fact } of opened.lines()) {
    if (++count % 1000 === 0) onProgress?.(`${count.toLocaleString('en')} facts written`)
    if (fact) yield fact
  }
}

/** Turns the refusal of a value or of a constraint into a sentence about the file: SQLSTATE classes 22 and 23. */
function refusalOf(file: string) {
  const refuse = refusing(file)
  return (error: unknown): never => {
    const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error
    const { code, constraint } = cause as { readonly code?: string; readonly constraint?: string }
    if (code?.startsWith('22')) refuse('a value of it does not fit into the ledger')
    if (code?.startsWith('23')) refuse(`a row of it breaks ${constraint ?? 'a constraint'} of the ledger`)
    throw error
  }
}
