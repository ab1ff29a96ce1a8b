import { createPrivateKey, X509Certificate } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { exclusively, writeFileAtomically } from '@gauntlet/files'
import { makeKeyPair } from './certificate.ts'

/** The name for which the server's certificate is, whatever the addresses of the machine. */
export const reachName = 'gauntlet'

/** What a worker elsewhere needs, in a folder. */
export function workerFiles(folder: string) {
  const file = (name: string) => join(folder, name)
  return {
    authority: file('authority.pem'),
    worker: { certificate: file('worker.pem'), key: file('worker.key') },
    /** Variables that name the others and the address, for a shell to read. */
    variables: file('worker.env'),
  }
}

/** Where the keys of a home lie: of its authority, of the server, and of workers elsewhere. */
export function reachFiles(home: string) {
  const file = (name: string) => join(home, 'reach', name)
  return {
    ...workerFiles(join(home, 'reach')),
    server: { certificate: file('server.pem'), key: file('server.key') },
    /** Where the server listens; absent where it does not. */
    listen: file('listen.json'),
  }
}

/**
 * Makes the keys of a home, unless it has them, and says whether it did. Those of several authorities count as none:
 * commands of earlier versions mixed them where they ran at once. The key of the authority is thrown away: it signs
 * nothing else, and whoever wants other keys deletes the folder and begins anew.
 */
export async function makeReachKeys(home: string): Promise<boolean> {
  const folder = join(home, 'reach')
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  return exclusively(join(folder, 'keys.lock'), () => makeKeys(reachFiles(home)))
}

async function makeKeys(files: ReturnType<typeof reachFiles>): Promise<boolean> {
  if (existsSync(files.worker.key) && areOfOneAuthority(files)) return false
  const authorityName = 'gauntlet authority'
  const authority = { ...makeKeyPair('authority', authorityName), name: authorityName }
  const server = makeKeyPair('server', reachName, authority)
  const worker = makeKeyPair('client', 'gauntlet-worker', authority)
  await writeFileAtomically(files.authority, authority.certificate)
  await writeFileAtomically(files.server.certificate, server.certificate)
  await writeFileAtomically(files.server.key, server.key, 0o600)
  await writeFileAtomically(files.worker.certificate, worker.certificate)
  await writeFileAtomically(files.worker.key, worker.key, 0o600) // last: with it the keys are complete
  return true
}

function areOfOneAuthority({ authority, server, worker }: ReturnType<typeof reachFiles>): boolean {
  const { publicKey } = new X509Certificate(readFileSync(authority))
  return [server, worker].every(({ certificate, key }) => {
    const signed = new X509Certificate(readFileSync(certificate))
    return signed.verify(publicKey) && signed.checkPrivateKey(createPrivateKey(readFileSync(key)))
  })
}
