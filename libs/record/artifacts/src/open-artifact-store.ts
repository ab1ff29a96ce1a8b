import { digestOf } from '@gauntlet/study'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { ArtifactStore } from './artifact-store.ts'
import { ArtifactUrlInvalid } from './artifact-url-invalid.ts'
import { FileArtifactStore } from './file-artifact-store.ts'
import { VerifiedFiles } from './verified-files.ts'

/**
 * Opens the store at an address: `file:///absolute/folder`. Nothing is created before the first write.
 *
 * @param cacheFolder where it is noted which artifacts were verified on this machine, for all its processes; in memory
 *   unless given.
 */
export function openArtifactStore(url: string, cacheFolder?: string): ArtifactStore {
  const address = URL.canParse(url) ? new URL(url) : null
  if (address?.protocol === 's3:')
    throw new ArtifactUrlInvalid(`${url}: S3 stores are not built yet; use file:///absolute/folder.`)
  if (address?.protocol !== 'file:')
    throw new ArtifactUrlInvalid(`${url} is not an artifact store; use file:///absolute/folder.`)
  if (address.host !== '') {
    throw new ArtifactUrlInvalid(
      `${url} names the host "${address.host}"; write three slashes for a local folder: file:///absolute/folder.`,
    )
  }
  const folder = folderOf(address)
  const noted = cacheFolder === undefined ? null : join(cacheFolder, 'verified', `${digestOf(folder)}.txt`)
  return new FileArtifactStore(folder, undefined, new VerifiedFiles(noted))
}

function folderOf(address: URL): string {
  try {
    return fileURLToPath(address)
  } catch (error) {
    throw new ArtifactUrlInvalid(`${address.href} does not name a folder; use file:///absolute/folder.`, {
      cause: error,
    })
  }
}
