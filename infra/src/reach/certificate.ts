import { createPublicKey, generateKeyPairSync, randomBytes, sign, type KeyObject } from 'node:crypto'
import { bits, identifier, integer, octets, sequence, set, tagged, time, utf8, yes } from './der.ts'

/** A certificate and its key, in PEM. */
export interface KeyPair {
  readonly certificate: string
  readonly key: string
}

/** What a certificate is for. */
export type Purpose = 'authority' | 'server' | 'client'

/** Object identifiers of RFC 5280 and RFC 5480. */
const oid = {
  commonName: '2.5.4.3',
  ecdsaWithSha256: '1.2.840.10045.4.3.2',
  basicConstraints: '2.5.29.19',
  keyUsage: '2.5.29.15',
  extendedKeyUsage: '2.5.29.37',
  subjectAlternativeName: '2.5.29.17',
  serverAuth: '1.3.6.1.5.5.7.3.1',
  clientAuth: '1.3.6.1.5.5.7.3.2',
}

const lifetimeYears = 10

/**
 * Makes a key on P-256 and a certificate of it (RFC 5280), signed by `issuer`, or by itself where that is absent. The
 * name is that of the subject, and of a server the one that clients ask for.
 */
export function makeKeyPair(purpose: Purpose, name: string, issuer?: KeyPair & { readonly name: string }): KeyPair {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const signer = issuer ? issuer.key : privateKey
  const body = toBeSigned(purpose, name, issuer?.name ?? name, privateKey)
  const signature = sign('sha256', body, signer)
  const certificate = sequence(body, algorithm, bits(signature))
  return {
    certificate: pem('CERTIFICATE', certificate),
    key: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
  }
}

const algorithm = sequence(identifier(oid.ecdsaWithSha256))

function toBeSigned(purpose: Purpose, subject: string, issuer: string, key: KeyObject): Buffer {
  const now = new Date()
  const [from, to] = [new Date(now.getTime() - 3_600_000), new Date(now)] // clocks differ by a little
  to.setUTCFullYear(to.getUTCFullYear() + lifetimeYears)
  const serial = randomBytes(16)
  serial[0] = (serial[0]! & 0x7f) | 0x40
  return sequence(
    tagged(0xa0, integer(Buffer.from([2]))), // version 3
    integer(serial),
    algorithm,
    named(issuer),
    sequence(time(from), time(to)),
    named(subject),
    createPublicKey(key).export({ type: 'spki', format: 'der' }),
    tagged(0xa3, sequence(...extensions(purpose, subject))),
  )
}

function named(name: string): Buffer {
  return sequence(set(sequence(identifier(oid.commonName), utf8(name))))
}

function extensions(purpose: Purpose, name: string): Buffer[] {
  const critical = (id: string, value: Buffer) => sequence(identifier(id), yes, octets(value))
  if (purpose === 'authority')
    return [critical(oid.basicConstraints, sequence(yes)), critical(oid.keyUsage, bits(Buffer.from([0x04]), 2))] // keyCertSign
  const usage = purpose === 'server' ? oid.serverAuth : oid.clientAuth
  return [
    critical(oid.basicConstraints, sequence()),
    critical(oid.keyUsage, bits(Buffer.from([0x80]), 7)), // digitalSignature
    sequence(identifier(oid.extendedKeyUsage), octets(sequence(identifier(usage)))),
    sequence(identifier(oid.subjectAlternativeName), octets(sequence(tagged(0x82, Buffer.from(name))))),
  ]
}

function pem(label: string, der: Uint8Array): string {
  const lines = Buffer.from(der)
    .toString('base64')
    .match(/.{1,64}/g)!
  return `-----BEGIN ${label}-----\n${lines.join('\n')}\n-----END ${label}-----\n`
}
