import { readFile, stat } from 'node:fs/promises'
import { findStudy } from '@gauntlet/ledger'
import {
  checkNumberProof,
  isNumberProof,
  parseSealed,
  sealDigest,
  SealInvalid,
  type CheckedProof,
  type Sealed,
} from '@gauntlet/seals'
import type { Digest } from '@gauntlet/study'
import { compareWithSeal, type SealComparison } from './compare-with-seal.ts'
import { isArchive } from './export-file.ts'
import { isSealSignedBy, verifyExport, type Expectations, type VerifiedExport } from './import-study.ts'
import { storedLeafList, type RecordSources } from './seal-study.ts'

/** What a look at a seal has found. */
export type SealVerdict = {
  readonly digest: Digest
  /** `valid`: signed with the key that was given. `unchecked`: signed, and no key was given. */
  readonly signature: 'valid' | 'unchecked' | 'none'
} & (
  | {
      readonly of: 'export'
      /** False where a file beside the record is not what the record gives. */
      readonly passed: boolean
      readonly export: VerifiedExport
    }
  | { readonly of: 'number'; readonly passed: true; readonly proof: CheckedProof }
  | {
      /** The ledger was compared with the seal. */
      readonly of: 'ledger'
      readonly passed: boolean
      readonly sealed: Sealed
      readonly comparison: SealComparison
      /** What withheld facts leave open, each as a clause about the list of leaves; none of a study that passed. */
      readonly doubts: readonly string[]
    }
)

/** A seal cannot be compared with the ledger without the list of its leaves. Giving the list helps. */
export class LeafListMissing extends Error {
  override readonly name = 'LeafListMissing'
}

/** Where the list of leaves is, beside what is expected. */
export interface VerifyOptions extends Expectations {
  /** The file that was written with the seal; unless given, the one that the store has. */
  readonly leaves?: string
  /** Whether the list may withhold facts, as that of a study which was imported in part does. */
  readonly isPart?: boolean
}

/**
 * Checks a file against the seal in it, whatever it is: an export or the proof of a number, which need no ledger, or a
 * seal that was kept elsewhere, with which the ledger is compared that `withSources` opens then. Offline. Throws
 * `ExportInvalid`, `SealInvalid`, `LeafListMissing` and, where the ledger does not know the study, `StudyUnknown`.
 */
export async function verifySeal(
  file: string,
  withSources: <Result>(work: (sources: RecordSources) => Promise<Result>) => Promise<Result>,
  options: VerifyOptions = {},
): Promise<SealVerdict> {
  const isFile = await stat(file).then(
    (found) => found.isFile(),
    () => false,
  )
  if (!isFile) throw new SealInvalid(`There is no file ${file}; give a seal, a proof or an export.`)
  if (isArchive(file)) {
    const checked = await verifyExport(file, options)
    const signature = signatureOf(checked.isSigned, checked.signers.length > 0)
    const passed = checked.differing.length === 0
    return { of: 'export', passed, digest: checked.digest, signature, export: checked }
  }
  const text = await readFile(file, 'utf8')
  if (isNumberProof(text)) {
    const proof = checkNumberProof(text, file)
    return { of: 'number', passed: true, ...identityOf(proof.sealed, file, options), proof }
  }
  const sealed = parseSealed(text, file)
  const identity = identityOf(sealed, file, options)
  const comparison = await withSources(async (sources) => {
    await findStudy(sources.db, sealed.seal.study.id)
    const list = options.leaves ?? (await requireList(sources, sealed))
    return compareWithSeal(sources.db, sealed.seal, list, (facts) =>
      options.onProgress?.(`facts compared: ${facts.toLocaleString('en')}`),
    )
  })
  const doubts = doubtsOf(comparison, options.isPart === true)
  const passed = comparison.changed.length === 0 && comparison.gone.length === 0 && doubts.length === 0
  return { of: 'ledger', passed, ...identity, sealed, comparison, doubts }
}

function doubtsOf({ withheld, doubtful }: SealComparison, isPart: boolean): string[] {
  const changed = Object.entries(doubtful).map(
    ([kind, count]) =>
      `does not name ${count} facts of kind ${kind} in the ledger, which came since or are withheld ones, changed; the whole list (--leaves FILE) tells`,
  )
  if (withheld === 0 || isPart) return changed
  const told = `withholds ${withheld} facts, so whether the ledger still has them cannot be told`
  return [
    `${told}; give the list that was written with the seal (--leaves FILE), or --part if the study was imported in part`,
    ...changed,
  ]
}

/** Checks the signature and what was expected of the seal. */
function identityOf(sealed: Sealed, file: string, { seal, publicKey }: VerifyOptions) {
  const digest = sealDigest(sealed.seal)
  if (seal !== undefined && digest !== seal) throw new SealInvalid(`${file} has seal ${digest}, not ${seal}.`)
  const isSigned = isSealSignedBy(sealed, publicKey)
  if (publicKey && !isSigned) throw new SealInvalid(`${file} has a seal that is not signed with key ${publicKey.id}.`)
  return { digest, signature: signatureOf(isSigned, sealed.envelope !== null) }
}

function signatureOf(isSigned: boolean, hasSigners: boolean): SealVerdict['signature'] {
  return isSigned ? 'valid' : hasSigners ? 'unchecked' : 'none'
}

async function requireList(sources: RecordSources, { seal }: Sealed): Promise<string> {
  const list = await storedLeafList(sources, seal)
  if (list !== null) return list
  throw new LeafListMissing(
    `The store has no list of the leaves of seal ${sealDigest(seal)}; give the one that was written with it (--leaves FILE).`,
  )
}
