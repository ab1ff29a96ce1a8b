import { readFile } from 'node:fs/promises'
import { parsePublicKey, parseSigningKey, type PublicKey, type SigningKey } from '@gauntlet/seals'
import { Misuse } from '../command-failed.ts'
import { quoted } from '../print/quoted.ts'

/** Reads the key that signs, where one is named. Throws `Misuse` and `KeyInvalid`. */
export async function readSigningKey(file: string | undefined): Promise<SigningKey | null> {
  return file === undefined
    ? null
    : parseSigningKey(await bytesOf(file, 'make one with: openssl genpkey -algorithm ed25519 -out'), file)
}

/** Reads the key that checks signatures, where one is named. Throws `Misuse` and `KeyInvalid`. */
export async function readPublicKey(file: string | undefined): Promise<PublicKey | undefined> {
  return file === undefined
    ? undefined
    : parsePublicKey(await bytesOf(file, 'make it of the private one with: openssl pkey -pubout -in KEY -out'), file)
}

async function bytesOf(file: string, hint: string): Promise<Buffer> {
  return readFile(file).catch(() => {
    throw new Misuse(`There is no key file ${file}; ${hint} ${quoted(file)}`)
  })
}
