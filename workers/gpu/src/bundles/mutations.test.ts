import { openArtifactStore } from '@gauntlet/artifacts'
import type { StageCode, StageRequest } from '@gauntlet/contract'
import { emptyFolder } from '@gauntlet/files/fixtures/empty-folder'
import { WorkspaceCopy } from '@gauntlet/infra/fixtures/workspace-copy'
import { digestOfBytes, type DatasetSpecification, type Digest, type StageIdentity } from '@gauntlet/study'
import { cpSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { runBundle } from '../run-bundle.ts'
import { digitsPackage, writeSource } from '../stages/small-sources.fixture.ts'
import { BundleCache, type BundleFile } from './bundle-cache.ts'
import { StageBundles } from './stage-bundles.ts'
import { surroundingsIn } from './surroundings.fixture.ts'

/*
 * What a change of the sources does to the code digests, on a copy of the workspace: the codes that the change can
 * affect get another one, and no other code does.
 */

const codes: readonly StageCode[] = [
  'prepare-dataset',
  'pretrain-load/Swin',
  'fine-tune/Swin',
  'fine-tune/EfficientNet',
  'checkpoint/Swin',
  'perturb-and-evaluate/Swin/clean',
  'perturb-and-evaluate/Swin/common',
  'perturb-and-evaluate/Swin/Linf',
  'perturb-and-evaluate/EfficientNet/common',
]

const none = /^$/

let copy: WorkspaceCopy
let before: ReadonlyMap<StageCode, Digest>
beforeAll(async () => {
  copy = new WorkspaceCopy()
  const record = join(copy.folder, 'node_modules/.package-lock.json')
  const text = readFileSync(record, 'utf8')
  rmSync(record) // a link to that of the original
  writeFileSync(record, text)
  before = await digests()
  cpSync(bundles(), saved(), { recursive: true })
}, 60_000)
afterAll(() => copy.remove())

/** Where the copy keeps its bundles, and those of the unchanged sources, which need not be made again for each test. */
const bundles = () => join(copy.folder, 'node_modules/.cache/gauntlet/bundles')
const saved = () => join(copy.folder, 'bundles-before')

async function digests(): Promise<ReadonlyMap<StageCode, Digest>> {
  const cache = new BundleCache(realpathSync(copy.folder))
  const found = new Map<StageCode, Digest>()
  for (const code of codes) found.set(code, (await cache.bundle(code)).digest)
  return found
}

it.each<[what: string, file: string, text: string, instead: string, affected: RegExp]>([
  ['a comment', 'libs/science/engine/src/index.ts', 'export { within', '/* Said otherwise. */ export { within', none],
  [
    'a message about a study file',
    'libs/vocabulary/study/src/pins.ts',
    'is not pinned yet: no',
    'has no digest yet: no',
    none,
  ],
  ['the pixel font', 'libs/science/pictures/src/pixel-font.ts', "'0': '75557'", "'0': '25552'", none],
  [
    'the arithmetic of one family',
    'libs/science/backbones/src/families/swin.ts',
    'const headWidth = 32',
    'const headWidth = 16',
    /Swin/,
  ],
  ['a corruption', 'libs/science/corruptions/src/snow.ts', 'kept: 0.8 ', 'kept: 0.81 ', /common$/],
  [
    'a step of APGD',
    'libs/science/attacks/src/balls/momentum-ascent.ts',
    'keepingShare = 0.75',
    'keepingShare = 0.7',
    /^fine-tune|Linf$/,
  ],
  [
    'an augmentation, in the text of a thread',
    'libs/science/datasets/src/images/color-jitter.ts',
    'length: 511',
    'length: 512',
    /^fine-tune/,
  ],
  [
    'a layout of data',
    'libs/science/datasets/src/sources/layouts/class-folders.ts',
    'splits.size > 1',
    'splits.size > 2',
    /^prepare-dataset/,
  ],
  ['AdamW', 'libs/science/training/src/adamw.ts', 'beta2: 0.95', 'beta2: 0.99', /^fine-tune/],
  [
    'a version of tfjs',
    'node_modules/.package-lock.json',
    '"node_modules/@tensorflow/tfjs-node-gpu": {\n      "version": "4.22.0"',
    '"node_modules/@tensorflow/tfjs-node-gpu": {\n      "version": "4.23.0"',
    /^(?!prepare-dataset)/,
  ],
  [
    'a package of images',
    'node_modules/.package-lock.json',
    '"node_modules/sharp": {\n      "version": "0',
    '"node_modules/sharp": {\n      "version": "1',
    /^(?!pretrain-load)/,
  ],
])(
  '%s changes the code of exactly what it can affect',
  async (_, file, text, instead, affected) => {
    const undo = copy.edit(file, text, instead)
    try {
      const after = await digests()
      expect(codes.filter((code) => after.get(code) !== before.get(code))).toEqual(
        codes.filter((code) => affected.test(code)),
      )
    } finally {
      undo()
      cpSync(saved(), bundles(), { recursive: true })
    }
  },
  60_000,
)

it('a line of our C++ changes the name of the library, which the environment of stages with tensors has', async () => {
  const setUp = (await import(join(copy.folder, 'infra/setup/compile-binding.mjs'))) as {
    readonly additionPlaces: (root: string) => readonly { readonly file: string }[]
  }
  const names = () => setUp.additionPlaces(copy.folder).map(({ file }) => file)
  const original = names()
  const undo = copy.edit('infra/binding/regions.h', '; reserve /= 2)', '; reserve /= 4)')
  const changed = names().filter((name) => !original.includes(name))
  undo()
  expect(changed).toEqual([expect.stringMatching(/^tensor_memory-/)])
  expect(names()).toEqual(original)
})

it('a worker goes on with the code that it has named, whatever is edited', async () => {
  const worker = new StageBundles(realpathSync(copy.folder))
  const named = await worker.bundle('checkpoint/Swin')
  const undo = copy.edit('libs/science/backbones/src/families/swin.ts', 'const headWidth = 32', 'const headWidth = 16')
  try {
    expect(await worker.bundle('checkpoint/Swin')).toEqual(named)
    expect(digestOfBytes(readFileSync(named.path))).toBe(named.digest)
    const next = await new StageBundles(realpathSync(copy.folder)).bundle('checkpoint/Swin')
    expect(next.digest).not.toBe(named.digest)
  } finally {
    undo()
  }
})

it('the code of an older state, read from the store, makes the same bytes again', async () => {
  const cache = new BundleCache(realpathSync(copy.folder))
  const older = await run(await cache.bundle('prepare-dataset'))
  const undo = copy.edit('libs/science/datasets/src/split.ts', 'const testFraction = 0.2', 'const testFraction = 0.3')
  try {
    rmSync(bundles(), { recursive: true })
    const newer = await run(await new BundleCache(realpathSync(copy.folder)).bundle('prepare-dataset'))
    expect(newer.generated).not.toEqual(older.generated)
    const again = await run(await cache.keep(await older.store.read(older.sources['code']!)))
    expect(again.generated).toEqual(older.generated)
  } finally {
    undo()
  }
})

/** Prepares a small dataset in an empty store by the code of a bundle. */
async function run({ path, digest }: BundleFile) {
  const folder = emptyFolder()
  const store = openArtifactStore(pathToFileURL(join(folder, 'artifacts')).href)
  const dataset: DatasetSpecification = {
    id: 'digits',
    ...writeSource(folder, 'digits.tgz', digitsPackage()),
    classes: 10,
    resolution: 32,
    trainImages: 20,
    validationImages: 10,
    testImages: 10,
    splitSeed: 1,
  }
  const identity = { stage: 'prepare-dataset', codeDigest: digest, environmentClass: digest } as StageIdentity
  const request = { stageKey: digest, identity, input: { dataset } } as StageRequest<unknown>
  return { store, ...(await runBundle(path, request, surroundingsIn(folder, store))) }
}
