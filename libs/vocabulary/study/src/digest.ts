import { sha256 } from '@noble/hashes/sha2.js'
import { bytesToHex, utf8ToBytes } from '@noble/hashes/utils.js'
import canonicalize from 'canonicalize'

/** SHA-256 in 64 lowercase hexadecimal digits. */
export type Digest = string

/** Anything RFC 8785 can write down. `undefined`, functions and non-finite numbers cannot be hashed and are refused. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json }

/** A value has no canonical form, so it can have no key; a retry does not help. */
export class NotHashable extends Error {
  override readonly name = 'NotHashable'
}

/** The canonical JSON of a value (RFC 8785): keys sorted by UTF-16 code unit, ECMAScript numbers, no white space. */
export function canonicalJson(value: unknown): string {
  refuseUnhashable(value, '$')
  return canonicalize(value) as string
}

/** The digest of a value's canonical JSON. Pure JavaScript, so that it also runs inside Temporal's sandbox. */
export function digestOf(value: unknown): Digest {
  return digestOfBytes(utf8ToBytes(canonicalJson(value)))
}

/** The digest of bytes. */
export function digestOfBytes(bytes: Uint8Array): Digest {
  return bytesToHex(sha256(bytes))
}

/** Fails closed: RFC 8785 libraries drop `undefined` silently, which would give two different inputs one key. */
function refuseUnhashable(value: unknown, path: string): void {
  if (value === null || typeof value === 'boolean') return
  if (typeof value === 'string') return refuseLoneSurrogate(value, path)
  if (typeof value === 'number') {
    if (!Number.isFinite(value))
      throw new NotHashable(`${path} is ${value}, which has no canonical form; use a finite number.`)
    return
  }
  if (Array.isArray(value)) {
    for (let i = 0; i < value.length; i++) refuseUnhashable(value[i], `${path}[${i}]`)
    return
  }
  if (typeof value === 'object' && [Object.prototype, null].includes(Object.getPrototypeOf(value))) {
    for (const [key, item] of Object.entries(value as object)) {
      refuseLoneSurrogate(key, path)
      refuseUnhashable(item, `${path}.${key}`)
    }
    return
  }
  throw new NotHashable(
    `${path} is a ${value === undefined ? 'missing value' : typeof value}, which has no canonical form; leave the key out.`,
  )
}

/** Half a surrogate pair has no UTF-8; RFC 8785 §3.2.2.2 asks for an error. */
function refuseLoneSurrogate(text: string, path: string): void {
  if (/\p{Surrogate}/u.test(text))
    throw new NotHashable(`${path} holds half a surrogate pair, which has no UTF-8; write whole characters.`)
}
