import { createPrivateKey, createPublicKey, type KeyObject } from 'node:crypto'
import { digestOf, type Digest } from '@gauntlet/study'

/** A file holds no Ed25519 key of the kind asked for. A retry does not help; another file does. */
export class KeyInvalid extends Error {
  override readonly name = 'KeyInvalid'
}

/** An Ed25519 key that signs (RFC 8032). */
export interface SigningKey {
  readonly id: Digest
  readonly key: KeyObject
}

/** An Ed25519 key that checks signatures. */
export interface PublicKey {
  readonly id: Digest
  readonly key: KeyObject
}

/** Reads a private key in PEM, as `openssl genpkey -algorithm ed25519` writes it. Throws `KeyInvalid`. */
export function parseSigningKey(pem: string | Buffer, file: string): SigningKey {
  const key = attempt(() => createPrivateKey(pem))
  if (key?.asymmetricKeyType !== 'ed25519') {
    throw new KeyInvalid(
      `${file} holds no Ed25519 private key in PEM; make one with: openssl genpkey -algorithm ed25519 -out ed25519.pem`,
    )
  }
  return { id: keyId(createPublicKey(key)), key }
}

/** Reads the public key of a pair in PEM; of a file with the private key, the public one. Throws `KeyInvalid`. */
export function parsePublicKey(pem: string | Buffer, file: string): PublicKey {
  const key = attempt(() => createPublicKey(pem))
  if (key?.asymmetricKeyType !== 'ed25519') {
    throw new KeyInvalid(
      `${file} holds no Ed25519 public key in PEM; make it of the private one with: openssl pkey -pubout -in KEY -out public.pem`,
    )
  }
  return { id: keyId(key), key }
}

/** The public key in PEM, as exports carry it. */
export function publicPem({ key }: SigningKey): string {
  return createPublicKey(key).export({ type: 'spki', format: 'pem' }) as string
}

/** The id of a public key as securesystemslib makes it: the digest of its description in canonical JSON. */
function keyId(key: KeyObject): Digest {
  const raw = Buffer.from(key.export({ format: 'jwk' }).x!, 'base64url')
  return digestOf({ keytype: 'ed25519', scheme: 'ed25519', keyval: { public: raw.toString('hex') } })
}

function attempt<Result>(parse: () => Result): Result | null {
  try {
    return parse()
  } catch {
    return null
  }
}
