import type * as Datasets from '@gauntlet/datasets'
import { digestOfBytes } from '@gauntlet/study'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { bundleOf } from './build-bundle.ts'

const root = resolve(import.meta.dirname, '../../../..')

/** The room of datasets as a bundle has it, with the text of its thread. */
export async function bundledDatasets(): Promise<typeof Datasets> {
  const { bytes } = await bundleOf({ contents: "export * from '@gauntlet/datasets'", readsInThreads: true }, root)
  const folder = join(root, 'node_modules/.cache/gauntlet/bundled-datasets')
  mkdirSync(folder, { recursive: true })
  const path = join(folder, `${digestOfBytes(bytes)}.mjs`)
  writeFileSync(path, bytes)
  return (await import(pathToFileURL(path).href)) as typeof Datasets
}
