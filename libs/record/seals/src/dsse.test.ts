import { generateKeyPairSync } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { isSignedBy, statementIn, wrapStatement } from './dsse.ts'
import { KeyInvalid, parsePublicKey, parseSigningKey, publicPem } from './signing-key.ts'

const pem = (type: 'ed25519' | 'x25519') =>
  generateKeyPairSync(type as 'ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' }) as string

describe('an envelope', () => {
  const signer = parseSigningKey(pem('ed25519'), 'key.pem')
  const publicKey = parsePublicKey(publicPem(signer), 'public.pem')

  it('is signed by its key alone, and holds the statement', () => {
    const envelope = wrapStatement({ number: 437 }, signer)
    expect(statementIn(envelope)).toEqual({ number: 437 })
    expect(isSignedBy(envelope, publicKey)).toBe(true)
    const other = parseSigningKey(pem('ed25519'), 'other.pem')
    expect(isSignedBy(envelope, parsePublicKey(publicPem(other), 'other.pem'))).toBe(false)
    expect(isSignedBy(wrapStatement({ number: 437 }, null), publicKey)).toBe(false)
  })

  it('is not signed any more once a digit or the type has changed', () => {
    const envelope = wrapStatement({ number: 437 }, signer)
    const forged = { ...envelope, payload: Buffer.from('{"number":438}').toString('base64') }
    expect(isSignedBy(forged, publicKey)).toBe(false)
    expect(isSignedBy({ ...envelope, payloadType: 'text/plain' }, publicKey)).toBe(false)
  })
})

it('a file without an Ed25519 key is refused with the command that makes one', () => {
  expect(() => parseSigningKey('no key', 'key.pem')).toThrow(KeyInvalid)
  expect(() => parseSigningKey(pem('x25519'), 'key.pem')).toThrow(/ -out ed25519\.pem$/) // not into what is there
  expect(() => parsePublicKey('no key', 'key.pem')).toThrow('openssl pkey -pubout')
})
