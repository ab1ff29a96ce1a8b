import type { ArtifactStore } from '@gauntlet/artifacts'
import type { ResultCell } from '@gauntlet/client'
import { parseManifest } from '@gauntlet/datasets/manifest'
import { decodeOutcomes, type Outcome } from '@gauntlet/evaluation/outcomes'
import { decodePerturbedImages, type PerturbedImage } from '@gauntlet/evaluation/perturbed-images'
import { writeFileAtomically } from '@gauntlet/files'
import { fulfilledOutputsOf, traceMeasurement, type LedgerDatabase } from '@gauntlet/ledger'
import { contactSheet, differenceTile, encodePng, type Tile } from '@gauntlet/pictures'
import type { Digest } from '@gauntlet/study'
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'

/**
 * Draws, for each evaluation that keeps images, those that its perturbation felled, and writes the sheets into a
 * folder, named by the row of the table. Gives their paths.
 */
export async function writeSheets(
  { db, store }: { readonly db: LedgerDatabase; readonly store: Pick<ArtifactStore, 'read'> },
  rows: readonly (Pick<ResultCell, 'row' | 'perturbation'> & {
    readonly stageKey: string
    readonly measurementId: Digest
  })[],
  folder: string,
): Promise<string[]> {
  const outputs = await fulfilledOutputsOf(
    db,
    rows.map(({ stageKey }) => stageKey),
  )
  await mkdir(folder, { recursive: true })
  const written: string[] = []
  for (const { row, perturbation, stageKey, measurementId } of rows) {
    const { images, outcomes } = outputs.get(stageKey) ?? {}
    if (!images || !outcomes) continue
    const path = join(folder, `row-${row}-${perturbation}.png`)
    await writeFileAtomically(
      path,
      drawSheet(await store.read(images), await store.read(outcomes), await classNamesOf({ db, store }, measurementId)),
    )
    written.push(path)
  }
  return written
}

/** The names of the classes that a measurement is of. */
async function classNamesOf(
  { db, store }: { readonly db: LedgerDatabase; readonly store: Pick<ArtifactStore, 'read'> },
  measurementId: Digest,
): Promise<readonly string[]> {
  const { executions } = await traceMeasurement(db, measurementId)
  const manifest = executions.find(({ stage }) => stage === 'prepare-dataset')?.generated['manifest']
  return manifest ? parseManifest(await store.read(manifest)).classNames : []
}

function drawSheet(images: Uint8Array, outcomesFile: Uint8Array, classNames: readonly string[]): Uint8Array {
  const { images: perturbed, side } = decodePerturbedImages(images)
  const outcomes = new Map(decodeOutcomes(outcomesFile).outcomes.map((outcome) => [outcome.index, outcome]))
  return encodePng(
    contactSheet(perturbed.map((image) => tilesOf(image, outcomes.get(image.index)!, { side, classNames }))),
  )
}

/** A row of a sheet: the image as it is, what felled it, and the difference between the two. */
function tilesOf(
  { clean, perturbed }: PerturbedImage,
  { label, prediction, felledBy }: Outcome,
  { side, classNames }: { readonly side: number; readonly classNames: readonly string[] },
): Tile[] {
  const named = (label: number) => classNames[label] ?? String(label)
  const pixels = Float32Array.from(clean, (level) => level / 255)
  const verdict = `seen as ${named(prediction)}`
  return [
    { pixels, side, title: 'clean', verdict: named(label), isRight: true },
    { pixels: perturbed, side, title: `fell ${felledBy?.replaceAll('_', ' ') ?? ''}`, verdict, isRight: false },
    differenceTile(pixels, perturbed, side),
  ]
}
