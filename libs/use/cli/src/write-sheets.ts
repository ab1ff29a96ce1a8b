import type { ArtifactStore } from '@gauntlet/artifacts'
import type { ResultCell } from '@gauntlet/client'
import { decodeOutcomes, type Outcome } from '@gauntlet/evaluation/outcomes'
import { decodePerturbedImages, type PerturbedImage } from '@gauntlet/evaluation/perturbed-images'
import { writeFileAtomically } from '@gauntlet/files'
import { fulfilledOutputsOf, type LedgerDatabase } from '@gauntlet/ledger'
import { contactSheet, differenceTile, encodePng, type Tile } from '@gauntlet/pictures'
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'

/**
 * Draws, for each evaluation that keeps images, those that its perturbation felled, and writes the sheets into a
 * folder, named by the row of the table. Gives their paths.
 */
export async function writeSheets(
  { db, store }: { readonly db: LedgerDatabase; readonly store: Pick<ArtifactStore, 'read'> },
  rows: readonly (Pick<ResultCell, 'row' | 'perturbation'> & { readonly stageKey: string })[],
  folder: string,
): Promise<string[]> {
  const outputs = await fulfilledOutputsOf(
    db,
    rows.map(({ stageKey }) => stageKey),
  )
  await mkdir(folder, { recursive: true })
  const written: string[] = []
  for (const { row, perturbation, stageKey } of rows) {
    const { images, outcomes } = outputs.get(stageKey) ?? {}
    if (!images || !outcomes) continue
    const path = join(folder, `row-${row}-${perturbation}.png`)
    await writeFileAtomically(path, drawSheet(await store.read(images), await store.read(outcomes)))
    written.push(path)
  }
  return written
}

function drawSheet(images: Uint8Array, outcomesFile: Uint8Array): Uint8Array {
  const { images: perturbed, side } = decodePerturbedImages(images)
  const outcomes = new Map(decodeOutcomes(outcomesFile).outcomes.map((outcome) => [outcome.index, outcome]))
  return encodePng(contactSheet(perturbed.map((image) => tilesOf(image, outcomes.get(image.index)!, side))))
}

/** A row of a sheet: the image as it is, what felled it, and the difference between the two. */
function tilesOf({ clean, perturbed }: PerturbedImage, { label, prediction, felledBy }: Outcome, side: number): Tile[] {
  const pixels = Float32Array.from(clean, (level) => level / 255)
  const verdict = `seen as ${prediction}`
  return [
    { pixels, side, title: 'clean', verdict: `label ${label}`, isRight: true },
    { pixels: perturbed, side, title: `fell ${felledBy?.replaceAll('_', ' ') ?? ''}`, verdict, isRight: false },
    differenceTile(pixels, perturbed, side),
  ]
}
