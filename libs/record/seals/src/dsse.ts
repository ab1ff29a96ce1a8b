import { sign, verify } from 'node:crypto'
import { canonicalJson, type Digest, type Json } from '@gauntlet/study'
import { z } from 'zod'
import type { PublicKey, SigningKey } from './signing-key.ts'

/** The media type of in-toto statements in an envelope. */
const statementType = 'application/vnd.in-toto+json'

/** An envelope of DSSE 1.0 (github.com/secure-systems-lab/dsse), whose payload and signatures are base64. */
export const envelopeSchema = z.object({
  payload: z.base64(),
  payloadType: z.string(),
  signatures: z.array(z.object({ keyid: z.string(), sig: z.base64() })),
})
export type Envelope = z.infer<typeof envelopeSchema>

/** Puts a statement into an envelope. Without a key it has no signature, and says nothing that its bytes do not. */
export function wrapStatement(statement: Json, signer: SigningKey | null): Envelope {
  const body = Buffer.from(canonicalJson(statement))
  const signatures = signer
    ? [{ keyid: signer.id, sig: sign(null, preAuthentication(statementType, body), signer.key).toString('base64') }]
    : []
  return { payload: body.toString('base64'), payloadType: statementType, signatures }
}

/** The ids of the keys by which an envelope says that it is signed. */
export function claimedSigners({ signatures }: Envelope): Digest[] {
  return signatures.map(({ keyid }) => keyid)
}

/** Whether this key has signed the envelope. */
export function isSignedBy({ payload, payloadType, signatures }: Envelope, { id, key }: PublicKey): boolean {
  const signed = preAuthentication(payloadType, Buffer.from(payload, 'base64'))
  return signatures.some(({ keyid, sig }) => keyid === id && verify(null, signed, key, Buffer.from(sig, 'base64')))
}

/** The statement in an envelope. Throws a `SyntaxError` where the payload is not JSON. */
export function statementIn({ payload }: Envelope): unknown {
  return JSON.parse(Buffer.from(payload, 'base64').toString())
}

/** What a signature signs: the pre-authentication encoding of DSSE's protocol. */
function preAuthentication(payloadType: string, body: Buffer): Buffer {
  const type = Buffer.from(payloadType)
  return Buffer.concat([Buffer.from(`DSSEv1 ${type.length} `), type, Buffer.from(` ${body.length} `), body])
}
