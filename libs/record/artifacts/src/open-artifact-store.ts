import { fileURLToPath } from 'node:url'
import type { ArtifactStore } from './artifact-store.ts'
import { ArtifactUrlInvalid } from './artifact-url-invalid.ts'
import { FileArtifactStore } from './file-artifact-store.ts'

/** Opens the store at an address: `file:///absolute/folder`. Nothing is created before the first write. */
export function openArtifactStore(url: string): ArtifactStore {
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
  return new FileArtifactStore(folderOf(address))
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
