import { join } from 'node:path'
import type { ArtifactStore } from '@gauntlet/artifacts'
import {
  findStudy,
  ledgerTime,
  recordSeal,
  sealsOf,
  whileSealing,
  withStudyFacts,
  type Fact,
  type LedgerDatabase,
  type RecordedSeal,
  type RecordedStudy,
} from '@gauntlet/ledger'
import {
  newSecret,
  sealDigest,
  sealType,
  signSeal,
  type Envelope,
  type Seal,
  type Sealed,
  type SigningKey,
} from '@gauntlet/seals'
import type { Digest, Json } from '@gauntlet/study'
import { inTemporaryFolder } from './in-temporary-folder.ts'
import { LeafListWriter, leafListType, openLeafList } from './leaf-list.ts'
import { RecordWriter, type WrittenLine } from './record-writer.ts'

/** Where records are. */
export interface RecordSources {
  readonly db: LedgerDatabase
  readonly store: ArtifactStore
}

/** How a study is sealed. */
export interface SealOptions {
  readonly signer?: SigningKey | null
  readonly hypotheses?: Seal['hypotheses']
  readonly onProgress?: (facts: number) => void
}

/** What sealing has made. */
export interface SealedStudy {
  readonly sealed: Sealed
  /** The artifact with the list of its leaves, which whoever keeps the seal elsewhere keeps too. */
  readonly leaves: Digest
  /** False where the record is the one of the last seal, which then stands. */
  readonly isNew: boolean
  /** The seals of the study before this one, the last one first. */
  readonly earlier: readonly Sealed[]
}

/** What takes the facts of a record while it is sealed. */
export interface FactTaker {
  take(fact: Fact, line: WrittenLine): void | Promise<void>
}

/**
 * Seals everything that the ledger has of a study, by its name or id: the record as of one moment becomes the leaves of
 * a Merkle tree, and the ledger keeps the seal on its root. Where nothing has changed since the last seal, that one
 * stands. `taker` is given each fact with its line meanwhile. Of two at once the second waits. Throws `StudyUnknown`.
 */
export async function sealStudy(
  sources: RecordSources,
  nameOrId: string,
  options: SealOptions = {},
  taker?: FactTaker,
): Promise<SealedStudy> {
  const study = await findStudy(sources.db, nameOrId)
  return whileSealing(sources.db, study.id, () => sealAlone(sources, study, options, taker))
}

async function sealAlone(
  { db, store }: RecordSources,
  study: RecordedStudy,
  { signer = null, hypotheses = null, onProgress }: SealOptions,
  taker: FactTaker | undefined,
): Promise<SealedStudy> {
  const known = await sealsOf(db, study.id)
  return inTemporaryFolder(async (folder) => {
    const secret = (await secretOf(store, known)) ?? newSecret()
    const list = join(folder, 'leaves.gz')
    const leaves = new LeafListWriter(list, secret)
    const writer = new RecordWriter(secret, leaves)
    await withStudyFacts(db, study.id, async (pages) => {
      for await (const page of pages) {
        for (const placed of page) {
          const line = await writer.add(placed)
          await taker?.take(placed.fact, line)
        }
        onProgress?.(writer.size)
      }
    })
    await leaves.close()
    const last = known[0] && sealedOf(known[0])
    const lastList = known[0]?.leavesDigest
    if (last && lastList && stands(last, writer, { signer, hypotheses }))
      return { sealed: last, leaves: lastList, isNew: false, earlier: known.slice(1).map(sealedOf) }
    const seal = await sealOf({ db, study, writer, hypotheses, last: last?.seal ?? null })
    const sealed = signSeal(seal, signer)
    const reference = await store.putFile(list, leafListType)
    await recordSeal(db, { ...rowOf(sealed), origin: 'made', leaves: reference })
    return { sealed, leaves: reference.digest, isNew: true, earlier: known.map(sealedOf) }
  })
}

/** The row of a seal in the ledger, without its leaves. */
export function rowOf({ seal, envelope }: Sealed) {
  return { digest: sealDigest(seal), studyId: seal.study.id, document: seal as Json, envelope: envelope as Json }
}

/** A seal as the ledger has it. */
function sealedOf({ document, envelope }: RecordedSeal): Sealed {
  return { seal: document as unknown as Seal, envelope: envelope as Envelope | null }
}

/** The list of the leaves of a seal, as a file, where the store has it. */
export async function storedLeafList({ db, store }: RecordSources, seal: Seal): Promise<string | null> {
  const digest = sealDigest(seal)
  const leaves = (await sealsOf(db, seal.study.id)).find((one) => one.digest === digest)?.leavesDigest
  return leaves && (await store.verify(leaves)) === 'intact' ? store.localFile(leaves) : null
}

/** The secret that salts were made with, so that facts which have not changed have the same leaves in every seal. */
async function secretOf(store: ArtifactStore, known: readonly RecordedSeal[]): Promise<string | null> {
  for (const { origin, leavesDigest } of known)
    if (origin === 'made' && leavesDigest !== null && (await store.verify(leavesDigest)) === 'intact') {
      const list = await openLeafList(await store.localFile(leavesDigest))
      await list.close()
      return list.secret
    }
  return null
}

/** Whether the last seal covers this very record, and says and proves all that is asked for. */
function stands(
  { seal, envelope }: Sealed,
  writer: RecordWriter,
  { signer, hypotheses }: { signer: SigningKey | null; hypotheses: Seal['hypotheses'] },
): boolean {
  const isSigned = signer === null || envelope?.signatures.some(({ keyid }) => keyid === signer.id) === true
  return seal.tree.root === writer.tree().root && hypotheses === null && isSigned
}

async function sealOf(parts: {
  readonly db: LedgerDatabase
  readonly study: RecordedStudy
  readonly writer: RecordWriter
  readonly hypotheses: Seal['hypotheses']
  readonly last: Seal | null
}): Promise<Seal> {
  const { db, study, writer, hypotheses, last } = parts
  return {
    type: sealType,
    study: { id: study.id, name: study.name },
    sealedAt: await ledgerTime(db),
    tree: writer.tree(),
    facts: writer.facts,
    previous: last && sealDigest(last),
    hypotheses,
  }
}
