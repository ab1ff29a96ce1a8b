import { z } from 'zod'
import { leafHash, rootOfPath } from './merkle-tree.ts'
import { jsonOf, sealDigest, sealedSchema, SealInvalid } from './seal.ts'

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
  documents: z.record(z.string(), z.unknown()),
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

/** Reads a proof and checks that its seal covers the number in it. Throws `SealInvalid`. */
export function checkNumberProof(text: string, file: string): NumberProof {
  const parsed = proofSchema.safeParse(jsonOf(text))
  if (!parsed.success)
    throw new SealInvalid(`${file} is no proof of a number (${z.prettifyError(parsed.error).split('\n')[0]}).`)
  const { sealed, index, line, path } = parsed.data
  const root = rootOfPath(leafHash(line), { index, size: sealed.seal.tree.size, path })
  if (root === sealed.seal.tree.root) return parsed.data
  throw new SealInvalid(`The number in ${file} is not the one that seal ${sealDigest(sealed.seal)} covers.`)
}
