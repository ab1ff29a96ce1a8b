import { readTar, type TarLimits } from '@gauntlet/files'
import { readDecompressed } from './decompress.ts'
import { InvalidDataset } from './invalid-dataset.ts'

/**
 * Many times the largest archive of the study, which has about 2 GB in 24,000 images. Each file is held in memory as a
 * whole.
 */
const limits: TarLimits = { members: 2_000_000, memberBytes: 64 * 2 ** 20, totalBytes: 64 * 2 ** 30 }

/** A file of a dataset's archive. */
export interface ArchiveFile {
  /** Relative, with `/`, free of `.` and `..`. */
  readonly name: string
  readonly bytes: Uint8Array
}

/** The files of a compressed tar archive whose names `wanted` accepts, one at a time. */
export async function* readArchiveFiles(
  archive: string,
  wanted: (name: string) => boolean,
): AsyncGenerator<ArchiveFile> {
  for await (const { name, bytes } of readTar(readDecompressed(archive), { limits, refuse }))
    if (wanted(name)) yield { name, bytes: await bytes() }
}

function refuse(wrong: string): never {
  throw new InvalidDataset(
    `The dataset archive cannot be read: ${wrong}; fetch it again, or pack it anew with regular files under plain relative names.`,
  )
}
