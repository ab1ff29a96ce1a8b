import { chmodSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { networkFileSystem } from '@gauntlet/infra'
import { checkout } from '../checkout.ts'
import { CommandFailed } from '../command-failed.ts'
import { ledgerMark } from './sbatch-script.ts'

/**
 * The folder with what the jobs of a ledger need and print: in the cache, which compute nodes see, whereas a home lies
 * on a disk of this machine. It holds keys, so nobody else may read it. Throws `CommandFailed`.
 */
export function jobFolder({ cache, ledger }: { readonly cache: string; readonly ledger: string }): string {
  const folder = join(cache, `pools-${ledgerMark(ledger)}`)
  try {
    mkdirSync(cache, { recursive: true })
    mkdirSync(join(folder, 'logs'), { recursive: true, mode: 0o700 })
    chmodSync(folder, 0o700)
  } catch (error) {
    throw new CommandFailed(
      `Scripts, keys and logs of jobs cannot be written to ${folder} (${(error as Error).message}); set GAUNTLET_CACHE to a folder that you may write and that compute nodes see.`,
    )
  }
  return folder
}

/** A sentence on what jobs need and other machines may not see, as far as file systems tell; null where all is well. */
export function sharingDoubt(
  { cache, artifacts }: { readonly cache: string; readonly artifacts: string },
  isShared = (folder: string) => networkFileSystem(folder) !== undefined,
): string | null {
  const places: [name: string, folder: string][] = [
    ['GAUNTLET_CACHE', cache],
    ...(artifacts.startsWith('file:') ? [['GAUNTLET_ARTIFACTS', fileURLToPath(artifacts)] as [string, string]] : []),
    ['the checkout', checkout],
  ]
  const local = places.filter(([, folder]) => !isShared(folder))
  if (local.length === 0) return null
  return `On no network file system that is known: ${local.map(([name, folder]) => `${name} (${folder})`).join(', ')}. Unless compute nodes see it under the same path, put it on a shared file system, since jobs need what lies there.`
}
