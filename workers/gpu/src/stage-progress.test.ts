import { openArtifactStore, type ArtifactStore } from '@gauntlet/artifacts'
import fc from 'fast-check'
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { afterAll, expect, it } from 'vitest'
import { midStageCheckpoint, unreportedResult } from './stage-progress.ts'

const folder = mkdtempSync(join(tmpdir(), 'gauntlet-stage-'))
const store = openArtifactStore(pathToFileURL(folder).href)
const stageKey = 'c0'.repeat(32)

afterAll(() => rmSync(folder, { recursive: true, force: true }))

it('gives back the last progress byte for byte, where numbers can be read in place', async () => {
  const progress = midStageCheckpoint(store, stageKey)
  await fc.assert(
    fc.asyncProperty(fc.uint8Array({ maxLength: 100 }), async (bytes) => {
      const digest = await progress.write(bytes)
      const saved = (await progress.read())!
      expect(saved.checkpoint).toBe(digest)
      expect([...saved.bytes]).toEqual([...bytes])
      expect(saved.bytes.byteOffset % 8).toBe(0)
    }),
    { numRuns: 20 },
  )
  await progress.clear()
  expect(await progress.read()).toBeNull()
  expect(await digestsIn(store)).toEqual([])
})

it('keeps only the last progress, and never takes an artifact of the same bytes away', async () => {
  const bytes = new TextEncoder().encode('a state')
  const artifact = await store.put(bytes, 'application/octet-stream')
  const progress = midStageCheckpoint(store, stageKey)
  await progress.write(bytes)
  const last = await progress.write(new TextEncoder().encode('a later state'))
  expect((await digestsIn(store)).sort()).toEqual([artifact.digest, last].sort())
  await progress.clear()
  expect(await digestsIn(store)).toEqual([artifact.digest])
  await store.remove(artifact.digest)
})

it('hands over a result nobody heard of, as long as its artifacts are intact', async () => {
  const artifact = await store.put(new TextEncoder().encode('trained'), 'application/octet-stream')
  const unreported = unreportedResult(store, stageKey)
  expect(await unreported.read()).toBeNull()
  await unreported.write({ sources: {}, generated: { trained: artifact } })
  expect(await unreported.read()).toEqual({ sources: {}, generated: { trained: artifact } })
  const file = await store.localFile(artifact)
  chmodSync(file, 0o644)
  writeFileSync(file, 'tampered with')
  expect(await unreported.read()).toBeNull()
})

async function digestsIn(artifacts: ArtifactStore): Promise<string[]> {
  const digests: string[] = []
  for await (const { digest } of artifacts.list()) digests.push(digest)
  return digests
}
