import { openArtifactStore } from '@gauntlet/artifacts'
import { emptyFolder } from '@gauntlet/files/fixtures/empty-folder'
import { digestOf } from '@gauntlet/study'
import { existsSync, readFileSync, rmSync } from 'node:fs'
import { pathToFileURL } from 'node:url'
import { beforeEach, describe, expect, it } from 'vitest'
import { StageBundles } from './stage-bundles.ts'

const code = 'prepare-dataset'
const bundles = new StageBundles()
let store: ReturnType<typeof openArtifactStore>
beforeEach(() => {
  store = openArtifactStore(pathToFileURL(emptyFolder()).href)
})

/** Stores a bundle as another version of the sources would have made it. */
async function storeOther(change: (text: string) => string) {
  const { path } = await bundles.bundle(code)
  return store.put(new TextEncoder().encode(change(readFileSync(path, 'utf8'))), 'text/javascript')
}

describe('the bundle of the code that a key names', () => {
  it('is that of the worker, and is stored once it was described', async () => {
    const { digest } = await bundles.bundle(code)
    expect(await bundles.ofDigest(code, digest, store)).toEqual(await bundles.bundle(code))
    expect(await store.verify(digest)).toBe('missing')
    await bundles.store([code], store)
    expect(await store.verify(digest)).toBe('intact')
  })

  it('is that of another version, where the store has it', async () => {
    const { digest } = await storeOther((text) => `// Another version.\n${text}`)
    const bundle = await bundles.ofDigest(code, digest, store)
    expect(bundle?.digest).toBe(digest)
    expect(readFileSync(bundle!.path, 'utf8')).toMatch(/^\/\/ Another version\./)
    await store.remove(digest)
    expect(await bundles.ofDigest(code, digest, store)).toEqual(bundle)
  })

  it('is taken from the store again where it has vanished from the disk', async () => {
    const { digest } = await storeOther((text) => `// A vanishing version.\n${text}`)
    const bundle = (await bundles.ofDigest(code, digest, store))!
    rmSync(bundle.path)
    expect(await bundles.ofDigest(code, digest, store)).toEqual(bundle)
    expect(existsSync(bundle.path)).toBe(true)
  })

  it('cannot be had where the store has none, or the installed packages are others', async () => {
    expect(await bundles.ofDigest(code, digestOf('nowhere'), store)).toBeNull()
    const { digest } = await storeOther((text) => text.replace(/("node_modules\/[^"]+":")(\d+)/, '$199$2'))
    expect(await store.verify(digest)).toBe('intact')
    expect(await bundles.ofDigest(code, digest, store)).toBeNull()
  })
})
