import { X509Certificate } from 'node:crypto'
import { readFileSync } from 'node:fs'
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
  const [signer, ...signed] = [first![0]!, first![1]!, first![3]!].map((text) => new X509Certificate(text))
  expect(signed.map((certificate) => certificate.verify(signer!.publicKey))).toEqual([true, true])
})
