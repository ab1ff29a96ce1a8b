import { withStudyFacts, type Fact, type FactOf } from '@gauntlet/ledger'
import { LeafHashes, leafHash, numberProof, recordLine, SealInvalid, type NumberProof } from '@gauntlet/seals'
import type { Digest } from '@gauntlet/study'
import { openLeafList } from './leaf-list.ts'
import { sealStudy, type RecordSources, type SealOptions } from './seal-study.ts'

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
  const { sealed, leaves } = await sealStudy(sources, nameOrId, options)
  const list = await openLeafList(await sources.store.localFile(leaves))
  const hashes = new LeafHashes()
  const wanted = `measurement ${measurementId}`
  let found: { readonly index: number; readonly salt: string; readonly hash: string } | undefined
  for await (const { place, salt, hash } of list.leaves) {
    if (place?.endsWith(wanted)) found = { index: hashes.size, salt: salt!, hash }
    hashes.add(Buffer.from(hash, 'hex'))
  }
  const facts = await factsAbout(sources, sealed.seal.study.id, measurementId)
  const line = found && facts && recordLine(facts.measurement, found.salt)
  if (!found || !line || leafHash(line).toString('hex') !== found.hash)
    throw new SealInvalid(`The record of ${nameOrId} has no measurement ${measurementId}, or it changed meanwhile.`)
  const documents = { configuration: facts.configuration.document, perturbation: facts.perturbation.document }
  return numberProof({ sealed, index: found.index, line, path: hashes.auditPath(found.index), documents })
}

/** A number with the configuration and the perturbation that it is a number of. */
interface NumberFacts {
  readonly measurement: FactOf<'measurement'>
  readonly configuration: FactOf<'configuration'>
  readonly perturbation: FactOf<'perturbation'>
}

function factsAbout({ db }: RecordSources, studyId: Digest, measurementId: Digest): Promise<NumberFacts | null> {
  return withStudyFacts(db, studyId, async (facts) => {
    const documents = new Map<Digest, Fact>()
    for await (const fact of facts) {
      if (fact.kind === 'configuration') documents.set(fact.id, fact)
      if (fact.kind === 'perturbation') documents.set(fact.key, fact)
      if (fact.kind === 'measurement' && fact.id === measurementId) {
        const configuration = documents.get(fact.configurationId) as FactOf<'configuration'>
        const perturbation = documents.get(fact.perturbationKey) as FactOf<'perturbation'>
        return { measurement: fact, configuration, perturbation }
      }
    }
    return null
  })
}
