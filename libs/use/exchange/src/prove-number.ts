import type { Fact, FactOf } from '@gauntlet/ledger'
import { LeafHashes, leafHash, numberProof, recordLine, SealInvalid, type NumberProof } from '@gauntlet/seals'
import type { Configuration, Digest, Perturbation } from '@gauntlet/study'
import { openLeafList } from './leaf-list.ts'
import { sealStudy, type FactTaker, type RecordSources, type SealOptions } from './seal-study.ts'

/**
 * Proves one number of a study: seals the study, and gives the line of the number with its audit path and the documents
 * that its ids stand for. Whoever has the proof needs neither the study nor this program's ledger.
 */
export async function proveNumber(
  sources: RecordSources,
  nameOrId: string,
  measurementId: Digest,
  options: SealOptions = {},
): Promise<NumberProof> {
  const about = new NumberFacts(measurementId)
  const { sealed, leaves } = await sealStudy(sources, nameOrId, options, about)
  const list = await openLeafList(await sources.store.localFile(leaves))
  const hashes = new LeafHashes()
  const wanted = `measurement ${measurementId}`
  let found: { readonly index: number; readonly salt: string; readonly hash: string } | undefined
  for await (const page of list.leaves)
    for (const { place, salt, hash } of page) {
      if (place?.endsWith(wanted)) found = { index: hashes.size, salt: salt!, hash }
      hashes.add(Buffer.from(hash, 'hex'))
    }
  const { measurement } = about
  const line = found && measurement && recordLine(measurement, found.salt)
  if (!found || !line || leafHash(line).toString('hex') !== found.hash)
    throw new SealInvalid(`The record of ${nameOrId} has no measurement ${measurementId}.`)
  const documents = about.documents()
  return numberProof({ sealed, index: found.index, line, path: hashes.auditPath(found.index), documents })
}

/** Takes a number, and what its ids stand for, from a record. */
class NumberFacts implements FactTaker {
  measurement: FactOf<'measurement'> | null = null
  readonly #documents = new Map<Digest, Configuration | Perturbation>()

  constructor(private readonly id: Digest) {}

  take(fact: Fact): void {
    if (fact.kind === 'configuration') this.#documents.set(fact.id, fact.document)
    if (fact.kind === 'perturbation') this.#documents.set(fact.key, fact.document)
    if (fact.kind === 'measurement' && fact.id === this.id) this.measurement = fact
  }

  documents(): NumberProof['documents'] {
    const { configurationId = '', perturbationKey = '' } = this.measurement ?? {}
    const [configuration, perturbation] = [configurationId, perturbationKey].map((id) => this.#documents.get(id))
    return { configuration: { ...configuration }, perturbation: { ...perturbation } }
  }
}
