import type { ArtifactStore } from '@gauntlet/artifacts'
import type { MeasuredCell } from '@gauntlet/client'
import { fulfilledOutputsOf, type LedgerDatabase } from '@gauntlet/ledger'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

/**
 * Writes the pictures of a study's evaluations under attack into a folder, named by the rows of the table, and gives
 * their paths.
 */
export async function writeSheets(
  { db, store }: { readonly db: LedgerDatabase; readonly store: Pick<ArtifactStore, 'read'> },
  rows: readonly Pick<MeasuredCell, 'row' | 'perturbation' | 'stageKey'>[],
  folder: string,
): Promise<string[]> {
  const outputs = await fulfilledOutputsOf(
    db,
    rows.map(({ stageKey }) => stageKey),
  )
  await mkdir(folder, { recursive: true })
  const written: string[] = []
  for (const { row, perturbation, stageKey } of rows) {
    const sheet = outputs.get(stageKey)?.['sheet']
    if (!sheet) continue
    const path = join(folder, `row-${row}-${perturbation}.png`)
    await writeFile(path, await store.read(sheet))
    written.push(path)
  }
  return written
}
