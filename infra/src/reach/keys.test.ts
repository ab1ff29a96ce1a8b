import { createPrivateKey, X509Certificate } from 'node:crypto'
import { copyFileSync, readFileSync } from 'node:fs'
import { emptyFolder } from '@gauntlet/files/fixtures/empty-folder'
import { expect, it } from 'vitest'
import { makeReachKeys, reachFiles } from './keys.ts'

it('the keys of a home are made once and are of one authority, also where several commands make them at once', async () => {
  const home = emptyFolder()
  const { authority, server, worker } = reachFiles(home)
  const made = async () => {
    await makeReachKeys(home)
    return [authority, server.certificate, server.key, worker.certificate, worker.key].map((file) =>
      readFileSync(file, 'utf8'),
    )
  }
  const [first, ...others] = await Promise.all(Array.from({ length: 4 }, made))
  for (const other of others) expect(other).toEqual(first)
  expectOneAuthority(home)
})

it.each(['server', 'worker'] as const)(
  'keys of a home of which those of the %s are of another are made again',
  async (side) => {
    const [home, other] = [emptyFolder(), emptyFolder()]
    await Promise.all([home, other].map(makeReachKeys))
    copyFileSync(reachFiles(other)[side].certificate, reachFiles(home)[side].certificate)
    copyFileSync(reachFiles(other)[side].key, reachFiles(home)[side].key)
    await makeReachKeys(home)
    expectOneAuthority(home)
  },
)

/** Both certificates of a home are of its authority, and of their keys. */
function expectOneAuthority(home: string): void {
  const { authority, server, worker } = reachFiles(home)
  const { publicKey } = new X509Certificate(readFileSync(authority))
  for (const { certificate, key } of [server, worker]) {
    const signed = new X509Certificate(readFileSync(certificate))
    expect([signed.verify(publicKey), signed.checkPrivateKey(createPrivateKey(readFileSync(key)))]).toEqual([
      true,
      true,
    ])
  }
}
