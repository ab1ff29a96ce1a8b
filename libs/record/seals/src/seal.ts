import { digestOf, type Digest } from '@gauntlet/study'
import { z } from 'zod'
import { jsonOf } from './json-from-outside.ts'
import { envelopeSchema, statementIn, wrapStatement, type Envelope } from './dsse.ts'
import type { SigningKey } from './signing-key.ts'

const digest = z.string().regex(/^[0-9a-f]{64}$/)
const count = z.int().nonnegative()

/** The `type` of every seal of this form, and the predicate of the statement by which one is signed. */
export const sealType = 'urn:gauntlet:seal/v1'

/** What a seal says. Its identity is the digest of this document, which is the line to print in a paper. */
const sealSchema = z.strictObject({
  type: z.literal(sealType),
  study: z.strictObject({ id: digest, name: z.string() }),
  /** By the clock of the ledger. */
  sealedAt: z.iso.datetime(),
  /** A tree of RFC 6962 with SHA-256, whose leaves are the lines of the record. */
  tree: z.strictObject({ size: count, root: digest }),
  /** How many facts of each kind the record has. */
  facts: z.record(z.string(), count),
  /** The seal of the same study before this one: what that one covers, and not this one's rest, came first. */
  previous: digest.nullable(),
  /** What was claimed before or after the numbers that this record has, as a whole file. */
  hypotheses: z.strictObject({ file: z.string(), text: z.string() }).nullable(),
})
export type Seal = z.infer<typeof sealSchema>

/** A seal with the signature on it, as files have it. */
export const sealedSchema = z.strictObject({ seal: sealSchema, envelope: envelopeSchema.nullable() })
export type Sealed = z.infer<typeof sealedSchema>

/** A file is no seal, or no proof of a number. A retry does not help. */
export class SealInvalid extends Error {
  override readonly name = 'SealInvalid'
}

/** The identity of a seal. */
export function sealDigest(seal: Seal): Digest {
  return digestOf(seal)
}

/** Signs a seal, where there is a key. */
export function signSeal(seal: Seal, signer: SigningKey | null): Sealed {
  return { seal, envelope: signer && wrapStatement(sealStatement(seal), signer) }
}

function sealStatement(seal: Seal) {
  return {
    _type: 'https://in-toto.io/Statement/v1',
    subject: [{ name: `seal of ${seal.study.name}`, digest: { sha256: sealDigest(seal) } }],
    predicateType: sealType,
    predicate: seal,
  }
}

/** Whether the statement that an envelope signs is about this seal. */
export function isAbout(envelope: Envelope, seal: Seal): boolean {
  try {
    return digestOf(statementIn(envelope)) === digestOf(sealStatement(seal))
  } catch {
    return false
  }
}

/** Reads a seal's file. Throws `SealInvalid`. */
export function parseSealed(text: string, file: string): Sealed {
  const document = jsonOf(text)
  if (document === null)
    throw new SealInvalid(`${file} is no JSON, so it is no seal; give a seal, a proof or an export.`)
  const sealed = sealedSchema.safeParse(document)
  if (sealed.success) return sealed.data
  throw new SealInvalid(`${file} is no seal of this form (${z.prettifyError(sealed.error).split('\n')[0]}).`)
}

/** The line to print in a paper: whoever has the export finds this digest in it, or another where a digit changed. */
export function sealLine(seal: Seal): string {
  const { study, sealedAt, facts } = seal
  const measured = facts['measurement'] ?? 0
  const numbers = `${measured.toLocaleString('en')} number${measured === 1 ? '' : 's'}`
  return `gauntlet seal ${sealDigest(seal)} · ${study.name} · ${numbers} · ${sealedAt.slice(0, 10)}`
}

/** What the record says of which came first, the hypotheses or the numbers; null of a seal without hypotheses. */
export function hypothesesSentence(seal: Seal): string | null {
  if (seal.hypotheses === null) return null
  const numbers = seal.facts['measurement'] ?? 0
  const when =
    numbers === 0
      ? 'before the first measurement'
      : `when there ${numbers === 1 ? 'was' : 'were'} ${numbers} measurement${numbers === 1 ? '' : 's'} already`
  return `Hypotheses ${seal.hypotheses.file} were sealed ${when} (${seal.sealedAt}, seal ${sealDigest(seal)}).`
}
