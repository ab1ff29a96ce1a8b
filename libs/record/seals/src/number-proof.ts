import { configurationId, digestOf, type Configuration, type Digest, type Perturbation } from '@gauntlet/study'
import { z } from 'zod'
import { leafHash, rootOfPath } from './merkle-tree.ts'
import { readLine } from './record-line.ts'
import { jsonOf } from './json-from-outside.ts'
import { sealDigest, sealedSchema, SealInvalid, type Sealed } from './seal.ts'

const proofSchema = z.strictObject({
  type: z.literal('urn:gauntlet:proof/v1'),
  sealed: sealedSchema,
  /** The line of the number, from 0 among all of the record. */
  index: z.int().nonnegative(),
  /** The line itself, with its salt: canonical JSON of the number. */
  line: z.string(),
  /** The audit path of RFC 6962, in hexadecimal digits, the lowest first. */
  path: z.array(z.string().regex(/^[0-9a-f]{64}$/)),
  /** What the ids in the line stand for: their digests are the ids. */
  documents: z.strictObject({ configuration: z.looseObject({}), perturbation: z.looseObject({}) }),
})

/** What is read of the line of a number. */
const numberSchema = z.looseObject({
  kind: z.literal('measurement'),
  configurationId: z.string(),
  perturbationKey: z.string(),
  correct: z.int(),
  total: z.int(),
})

/** One number of a sealed study with what proves that the seal covers it, without the study. */
export type NumberProof = z.infer<typeof proofSchema>

/** Makes the document of a proof. */
export function numberProof(parts: Omit<NumberProof, 'type'>): NumberProof {
  return { type: 'urn:gauntlet:proof/v1', ...parts }
}

/** Whether a document is a proof of a number rather than a seal. */
export function isNumberProof(text: string): boolean {
  const document = jsonOf(text) as { readonly type?: unknown } | null
  return document?.type === 'urn:gauntlet:proof/v1'
}

/** A proof that holds, with the number that it proves. */
export interface CheckedProof {
  readonly sealed: Sealed
  readonly correct: number
  readonly total: number
  readonly configuration: Configuration
  readonly perturbation: Perturbation
}

/**
 * Reads a proof and checks that its seal covers the number in it, and that the documents in it are those that the
 * number is of. Throws `SealInvalid`.
 */
export function checkNumberProof(text: string, file: string): CheckedProof {
  const parsed = proofSchema.safeParse(jsonOf(text))
  if (!parsed.success)
    throw new SealInvalid(`${file} is no proof of a number (${z.prettifyError(parsed.error).split('\n')[0]}).`)
  const { sealed, index, line, path, documents } = parsed.data
  const root = rootOfPath(leafHash(line), { index, size: sealed.seal.tree.size, path })
  const number = numberSchema.safeParse(readLine(line)?.fact)
  if (root !== sealed.seal.tree.root || !number.success)
    throw new SealInvalid(`The number in ${file} is not one that seal ${sealDigest(sealed.seal)} covers.`)
  const configuration = documents.configuration as unknown as Configuration
  const perturbation = documents.perturbation as unknown as Perturbation
  const { configurationId: id, perturbationKey: key, correct, total } = number.data
  if (!isConfiguration(configuration, id) || digestOf(perturbation) !== key)
    throw new SealInvalid(`The number in ${file} is of another configuration or perturbation than the file says.`)
  return { sealed, correct, total, configuration, perturbation }
}

/** Whether a document from outside has this id; false where it has not even the parts of a configuration. */
function isConfiguration(document: Configuration, id: Digest): boolean {
  try {
    return configurationId(document) === id
  } catch {
    return false
  }
}
