import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { expect, it } from 'vitest'
import { ArtifactUrlInvalid } from './artifact-url-invalid.ts'
import { openArtifactStore } from './open-artifact-store.ts'

it('opens a folder by its file URL, also one with spaces and percent signs in its name', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'gauntlet 100% '))
  try {
    const { digest } = await openArtifactStore(pathToFileURL(folder).href).put(Uint8Array.of(1), 'x/y')
    expect(await openArtifactStore(pathToFileURL(folder).href).verify(digest)).toBe('intact')
  } finally {
    await rm(folder, { recursive: true })
  }
})

it.each([
  ['s3://bucket/prefix', /S3 stores are not built yet/],
  ['https://example.org/store', /is not an artifact store/],
  ['/var/lib/gauntlet', /is not an artifact store; use file:\/\/\/absolute\/folder\.$/],
  ['', /is not an artifact store/],
  ['file://server/share', /names the host "server"/],
  ['file:///a%2Fb', /does not name a folder/],
])('refuses %s in one sentence that says what to write', (url, sentence) => {
  expect(() => openArtifactStore(url)).toThrow(ArtifactUrlInvalid)
  expect(() => openArtifactStore(url)).toThrow(sentence)
})
