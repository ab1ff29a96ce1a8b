import { createHmac, randomBytes } from 'node:crypto'
import { canonicalJson, type Digest } from '@gauntlet/study'
import { jsonOf } from './json-from-outside.ts'
import { leafHash } from './merkle-tree.ts'

/** Bytes of a secret and of a salt. */
const [secretSize, saltSize] = [32, 16]

/** A new secret for the salts of a study's record, in hexadecimal digits. */
export function newSecret(): string {
  return randomBytes(secretSize).toString('hex')
}

/**
 * The salt of a fact. With it in the leaf, the hash of a withheld fact gives nothing away: without it, whoever knows
 * the rest of a withheld number could try all counts. The same fact has the same salt in every seal of a study.
 */
export function saltOf(secret: string, kind: string, id: string): string {
  return createHmac('sha256', Buffer.from(secret, 'hex'))
    .update(`${kind} ${id}`)
    .digest('hex')
    .slice(0, 2 * saltSize)
}

/**
 * A line of a record, which is a leaf of its tree: a fact with its salt in canonical JSON (RFC 8785), so that anyone
 * can hash it as it stands.
 */
export function recordLine(fact: object, salt: string): string {
  return canonicalJson({ ...fact, salt })
}

/** The line of a fact that is withheld: its place in the tree is taken by its hash alone. */
export function withheldLine(hash: Uint8Array): string {
  return canonicalJson({ withheld: Buffer.from(hash).toString('hex') })
}

/** A line as it is read: its hash in the tree, and the fact where it is disclosed. */
export interface ReadLine {
  readonly hash: Buffer
  /** Null where the fact is withheld. */
  readonly fact: Readonly<Record<string, unknown>> | null
  readonly salt: string | null
}

/** Reads a line; null where it is not the canonical JSON of an object. */
export function readLine(line: string): ReadLine | null {
  const document = objectIn(line)
  if (document === null) return null
  const { withheld, salt, ...fact } = document
  if (typeof withheld === 'string' && /^[0-9a-f]{64}$/.test(withheld) && line === withheldLine(fromHex(withheld)))
    return { hash: fromHex(withheld), fact: null, salt: null }
  if (typeof salt !== 'string' || canonicalJson(document) !== line) return null
  return { hash: leafHash(line), fact, salt }
}

function fromHex(digest: Digest): Buffer {
  return Buffer.from(digest, 'hex')
}

function objectIn(line: string): Record<string, unknown> | null {
  const value = jsonOf(line)
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : null
}
