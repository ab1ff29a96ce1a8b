import { rm } from 'node:fs/promises'
import { temporaryFolder } from '@gauntlet/files'

/** Runs `work` with a folder for temporary files, which is removed afterwards. */
export async function inTemporaryFolder<Result>(work: (folder: string) => Promise<Result>): Promise<Result> {
  const folder = temporaryFolder('gauntlet-exchange-')
  try {
    return await work(folder)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}
