import { backboneFor } from '@gauntlet/backbones'
import { fromParameters, toParameters, writeSafetensors } from '@gauntlet/weights'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, expect, it } from 'vitest'
import { hashFilledModel } from '../parity/backbones/hash-filling.ts'
import { GauntletHome } from '../end-to-end/gauntlet-home.fixture.ts'
import { variant } from '../end-to-end/studies.fixture.ts'

/*
 * A transformer whose checkpoint has positions for images of 224 pixels, in a study of images of 48: trained,
 * evaluated, and in the table, with lineage that says what was done to the positions.
 */

const home = new GauntletHome()
afterAll(() => home.remove())

const id = 'deit_tiny_patch16_224.fb_in1k'

function writeCheckpoint(path: string): void {
  const specifications = backboneFor(id).specifications(1000)
  const parameters = toParameters(hashFilledModel(specifications), specifications)
  writeFileSync(path, writeSafetensors(fromParameters(parameters, specifications)))
}

it('a study at another side than the checkpoint’s trains, and has its table', { timeout: 600_000 }, async () => {
  writeCheckpoint(join(home.folder, 'deit.safetensors'))
  const study = variant(
    'small-side',
    ['backbones: [tf_efficientnet_lite0.in1k]', `backbones: [{ id: ${id}, source: "file:deit.safetensors" }]`],
    ['protocols: [FFT-1, LP-1]', 'protocols: [FFT-1]'],
    ['resolution: 32', 'resolution: 48'],
  )
  await home.succeed('run', home.study('small-side', study))
  const rows = await home.json<{ backbone: string; perturbation: string; correct: number; total: number }[]>(
    'results',
    'small-side',
  )
  expect(rows.map(({ backbone, perturbation, total }) => [backbone, perturbation, total])).toEqual(
    ['clean', 'Linf', 'L2', 'L1', 'common'].map((perturbation) => [id, perturbation, 40]),
  )
  expect(await home.succeed('trace', 'small-side', '1')).toMatch(
    /pos_embed is resized for images of 48 × 48 pixels: \[1, 197, 192\] becomes \[1, 10, 192\]/,
  )
})
