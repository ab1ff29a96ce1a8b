import { readTar, readZipDirectory, readZipMember, withBytesOfFile, type TarLimits } from '@gauntlet/files'
import { createReadStream } from 'node:fs'
import { createGunzip } from 'node:zlib'
import { SourceNotFound, UnusableSource } from './download-errors.mjs'

/** Larger than any package. Content goes to the disk as it comes, so even the largest file takes no memory. */
const limits: TarLimits = { members: 2_000_000, memberBytes: 8 * 2 ** 30, totalBytes: 64 * 2 ** 30 }

/** The content of one file of a Python wheel, which is a zip archive, piece by piece. */
export async function* readWheelMember(wheel: string, name: string): AsyncGenerator<Uint8Array> {
  const refuse = refuseArchive(wheel)
  const members = withBytesOfFile(wheel, (source) => readZipDirectory(source, refuse), refuse)
  const member = members.get(name)
  if (!member) throw memberNotFound('wheel', name)
  yield* readZipMember(wheel, member, refuse)
}

/** The content of one file of an npm package, which is a gzipped tar archive, piece by piece. */
export async function* readPackageMember(tarball: string, name: string): AsyncGenerator<Uint8Array> {
  const refuse = refuseArchive(tarball)
  for await (const file of readTar(unpackGzip(tarball, refuse), { limits, refuse })) {
    if (file.name !== name) continue
    yield* file.pieces()
    return
  }
  throw memberNotFound('package', name)
}

async function* unpackGzip(path: string, refuse: (wrong: string) => never): AsyncGenerator<Uint8Array> {
  const raw = createReadStream(path)
  const unpacked = createGunzip()
  raw.on('error', (error) => unpacked.destroy(error))
  try {
    yield* raw.pipe(unpacked)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code?.startsWith('Z_')) refuse('it does not unpack')
    throw error
  } finally {
    raw.destroy()
    unpacked.destroy()
  }
}

function refuseArchive(path: string) {
  return (wrong: string): never => {
    throw new UnusableSource(`${path} cannot be used as an archive: ${wrong}; fetch it again or choose another source.`)
  }
}

function memberNotFound(kind: 'wheel' | 'package', name: string): SourceNotFound {
  return new SourceNotFound(`The ${kind} has no file ${name}; correct what stands after the "!" of the source.`)
}
