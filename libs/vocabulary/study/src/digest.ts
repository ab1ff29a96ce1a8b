import { sha256 } from '@noble/hashes/sha2.js'
import { bytesToHex, utf8ToBytes } from '@noble/hashes/utils.js'

/** SHA-256 in 64 lowercase hexadecimal digits. */
export type Digest = string

/** Anything RFC 8785 can write down. `undefined`, functions and non-finite numbers cannot be hashed and are refused. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json }

export function isJsonObject(value: Json): value is { readonly [key: string]: Json } {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** A value has no canonical form, so it can have no key; a retry does not help. */
export class NotHashable extends Error {
  override readonly name = 'NotHashable'
}

/** The canonical JSON of a value (RFC 8785): keys sorted by UTF-16 code unit, ECMAScript numbers, no white space. */
export function canonicalJson(value: unknown): string {
  const text = write(value)
  if (text !== null) return text
  refuseUnhashable(value, '$')
  throw new NotHashable('The value has no canonical form.')
}

/** The canonical form in one pass, since a plan makes 100,000 keys; null where something in it has none. */
function write(value: unknown): string | null {
  switch (typeof value) {
    case 'string':
      return writeText(value)
    case 'number':
      return Number.isFinite(value) ? String(value) : null // -0 as 0, which JSON does too
    case 'boolean':
      return value ? 'true' : 'false'
    case 'object':
      if (value === null) return 'null'
      return Array.isArray(value) ? writeList(value) : isPlain(value) ? writeObject(value) : null
    default:
      return null
  }
}

/** Text without anything that JSON escapes, as ids and digests are, needs no more than quotes. */
const plainText = /^[ !#-[\]-~]*$/

function writeText(text: string): string | null {
  if (plainText.test(text)) return `"${text}"`
  return text.isWellFormed() ? JSON.stringify(text) : null
}

function writeList(list: readonly unknown[]): string | null {
  let text = '['
  for (let i = 0; i < list.length; i++) {
    const item = write(list[i])
    if (item === null) return null
    text += i === 0 ? item : `,${item}`
  }
  return `${text}]`
}

function writeObject(object: object): string | null {
  let text = ''
  for (const key of sorted(Object.keys(object))) {
    const item = write((object as Record<string, unknown>)[key])
    const name = writeText(key)
    if (item === null || name === null) return null
    text += text === '' ? `${name}:${item}` : `,${name}:${item}`
  }
  return `{${text}}`
}

/** Keys by UTF-16 code unit, in place: a few are sorted faster by insertion than by a call. */
function sorted(keys: string[]): string[] {
  if (keys.length > 32) return keys.sort()
  for (let i = 1; i < keys.length; i++) {
    const key = keys[i]!
    let place = i
    for (; place > 0 && keys[place - 1]! > key; place--) keys[place] = keys[place - 1]!
    keys[place] = key
  }
  return keys
}

function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value)
  return prototype === Object.prototype || prototype === null
}

/** The digest of a value's canonical JSON. It runs inside Temporal's sandbox too. */
export function digestOf(value: unknown): Digest {
  const text = canonicalJson(value)
  return nativeHash ? nativeHash('sha256', text, 'hex') : digestOfBytes(utf8ToBytes(text))
}

/** The digest of bytes. */
export function digestOfBytes(bytes: Uint8Array): Digest {
  return nativeHash ? nativeHash('sha256', bytes, 'hex') : bytesToHex(sha256(bytes))
}

/** Node's own SHA-256, ten times as fast as that in JavaScript, which sandboxes and browsers have instead. */
const nativeHash = (
  globalThis as {
    readonly process?: {
      readonly getBuiltinModule?: (
        name: string,
      ) => { readonly hash?: (algorithm: string, content: Uint8Array | string, encoding: 'hex') => Digest } | undefined
    }
  }
).process?.getBuiltinModule?.('node:crypto')?.hash

/** Fails closed, and names the place: JSON drops `undefined` silently, so that two inputs would have one key. */
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
  if (typeof value === 'object' && isPlain(value)) {
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
  if (!text.isWellFormed())
    throw new NotHashable(`${path} holds half a surrogate pair, which has no UTF-8; write whole characters.`)
}
