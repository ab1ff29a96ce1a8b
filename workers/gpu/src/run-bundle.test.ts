import { openArtifactStore } from '@gauntlet/artifacts'
import { failureClassOfError, type StageRequest } from '@gauntlet/contract'
import { emptyFolder } from '@gauntlet/files/fixtures/empty-folder'
import { digestOfBytes, type StageIdentity } from '@gauntlet/study'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { beforeEach, expect, it } from 'vitest'
import { bundleProtocol } from './bundles/bundle-protocol.ts'
import { BundleUnusable, runBundle } from './run-bundle.ts'
import { midStageCheckpoint } from './stage-progress.ts'
import { surroundingsIn } from './bundles/surroundings.fixture.ts'

let folder: string
beforeEach(() => {
  folder = emptyFolder()
})

/** A bundle whose stage stores a text. */
function bundleThatStores(text: string, protocol = bundleProtocol) {
  const path = join(folder, `${text}.mjs`)
  const stage = `async (_, { store }) => {
    const made = await store.put(new TextEncoder().encode(${JSON.stringify(text)}), 'text/plain')
    return { sources: {}, generated: { made } }
  }`
  const code = `export default { protocol: ${protocol}, run: ${stage} }`
  writeFileSync(path, code)
  return { path, digest: digestOfBytes(new TextEncoder().encode(code)) }
}

const stageKey = 'a'.repeat(64)
const storeHere = () => openArtifactStore(pathToFileURL(join(folder, 'artifacts')).href)

function run({ path, digest }: { readonly path: string; readonly digest: string }, store = storeHere()) {
  const request = {
    stageKey,
    identity: { codeDigest: digest, environmentClass: 'e'.repeat(64) } as StageIdentity,
  } as StageRequest<unknown>
  return { store, result: runBundle(path, request, surroundingsIn(folder, store)) }
}

it('runs the code of a bundle, and stores the code beside what it made', async () => {
  const bundle = bundleThatStores('made')
  const { store, result } = run(bundle)
  const { sources, generated } = await result
  expect(new TextDecoder().decode(await store.read(generated['made']!))).toBe('made')
  expect(sources['code']).toMatchObject({ digest: bundle.digest, mediaType: 'text/javascript' })
  expect(digestOfBytes(await store.read(sources['code']!))).toBe(bundle.digest)
})

it('refuses a bundle of another protocol before its stage runs', async () => {
  const { result } = run(bundleThatStores('older', bundleProtocol - 1))
  await expect(result).rejects.toThrow(BundleUnusable)
  await expect(result).rejects.toThrow(`version ${bundleProtocol - 1} of the protocol`)
  expect(failureClassOfError(await result.catch((error: unknown) => error))).toBe('WorkerChanged')
})

it('refuses a file that is not the code of the key', async () => {
  const bundle = bundleThatStores('damaged')
  writeFileSync(bundle.path, 'export default {}')
  await expect(run(bundle).result).rejects.toThrow(/is not the code of the stage’s key/)
})

it('lets go of the progress of a stage that is done, also where the attempt before was killed just before that', async () => {
  const bundle = bundleThatStores('made')
  const { store, result } = run(bundle)
  const made = await result
  const progress = midStageCheckpoint(store, stageKey)
  const state = await progress.write(Buffer.from('half-way'))
  expect(await run(bundle).result).toEqual(made)
  expect(await progress.read()).toBeNull()
  expect(await store.verify(state)).toBe('missing')
})

it('keeps the progress of a stage that is killed before its result is kept', async () => {
  const store = storeHere()
  const state = await midStageCheckpoint(store, stageKey).write(Buffer.from('half-way'))
  const killed = new Proxy(store, {
    get: (target, name) =>
      name === 'writePointer'
        ? () => Promise.reject(new Error('killed'))
        : (Reflect.get(target, name) as () => unknown).bind(target),
  })
  await expect(run(bundleThatStores('made'), killed).result).rejects.toThrow('killed')
  expect(await midStageCheckpoint(store, stageKey).read()).toMatchObject({ checkpoint: state })
})
