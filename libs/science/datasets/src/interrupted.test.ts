import { emptyFolder } from '@gauntlet/files/fixtures/empty-folder'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'
import { encodeManifest, type DatasetManifest } from './manifest.ts'
import { openDataset } from './open-dataset.ts'
import { packDataset } from './pack-dataset.ts'
import { tinySource, tinySpecification } from './tiny-dataset.fixture.ts'

/** Every training image, as it is read with this cache or without one. */
async function pixels(manifest: DatasetManifest, images: string, decodedFolder?: string): Promise<Float32Array> {
  const reader = openDataset({ manifest, images, ...(decodedFolder !== undefined && { decodedFolder }) })
  const batch = await reader.read(
    'train',
    Array.from({ length: reader.count('train') }, (_, i) => i),
  )
  await reader.close()
  return batch.images
}

it('a preparation that is killed does no harm to the next one, nor to what is read', async () => {
  const whole = await packDataset(tinySpecification, tinySource, join(emptyFolder(), 'images'))
  const [expected, bytes] = [await pixels(whole.manifest, whole.imagesFile), readFileSync(whole.imagesFile)]
  const folder = emptyFolder()
  const script = fileURLToPath(new URL('./endless-preparation.ts', import.meta.url))
  const child = spawn(process.execPath, ['--import', 'tsx', script, tinySource, folder], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  await once(child.stdout, 'data') // it has packed and read once
  await sleep(50)
  child.kill('SIGKILL')
  await once(child, 'exit')
  const again = await packDataset(tinySpecification, tinySource, join(folder, 'images'))
  expect(encodeManifest(again.manifest)).toEqual(encodeManifest(whole.manifest))
  expect(readFileSync(again.imagesFile)).toEqual(bytes)
  const caches = readdirSync(folder).filter((name) => name.startsWith('decoded'))
  expect(caches.length).toBeGreaterThan(0)
  for (const cache of caches)
    expect(await pixels(again.manifest, again.imagesFile, join(folder, cache))).toEqual(expected)
})
