import { serveHub } from '@gauntlet/sources/fixtures/hub'
import { cpSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, expect, it } from 'vitest'
import { GauntletHome } from '../end-to-end/gauntlet-home.fixture.ts'

/*
 * Every form of data through to a number: the six datasets of the study as they are published, a processed archive of
 * RobustGenBench, and Parquet of a hub, here a local one. Each is fine-tuned and evaluated; some minutes on two cores.
 */

const sources = join(import.meta.dirname, '../parity/datasets')
const home = new GauntletHome()
afterAll(() => home.remove())

const files = {
  flowers: 'sources/flowers.zip',
  pets: 'sources/pets.zip',
  cars: 'sources/cars.zip',
  aircraft: 'sources/aircraft.tar.gz',
  caltech: 'sources/caltech.zip',
  merced: 'sources/merced.zip',
  processed: 'tiny_processed.tar.zst',
}

const study = `name: forms
datasets:
${Object.entries(files)
  .map(([id, file]) => `  - { id: ${id}, source: "file:data/${file}" }`)
  .join('\n')}
  - { id: beans, source: "hf:datasets/someone/beans/@main" }
backbones: [tf_efficientnet_lite0.in1k]
losses: [standard]
protocols: [FFT-1]
inputContract: native
resolution: 32
perturbations: [clean]
hyperparameters: { effectiveBatch: 4, microBatch: 4, attackIterations: 1 }
`

it('fine-tunes on each of them', async () => {
  const beans = readFileSync(join(sources, 'sources/beans-snappy.parquet'))
  const hub = await serveHub({ files: { 'datasets/someone/beans/data/train-00000-of-00001.parquet': beans } })
  home.variables = { HF_ENDPOINT: hub.address }
  const file = home.study('forms', study)
  cpSync(sources, join(home.folder, 'data'), { recursive: true })
  await home.succeed('run', file)
  const rows = await home.json<{ dataset: string; total: number }[]>('results', 'forms')
  expect(Object.fromEntries(rows.map(({ dataset, total }) => [dataset, total]))).toEqual({
    flowers: 3,
    pets: 4,
    cars: 4,
    aircraft: 3,
    caltech: 5,
    merced: 5,
    processed: 6,
    beans: 5,
  })
  const { classes } = await home.json<{ classes: { name: string }[] }>('trace', 'forms', '4')
  expect(classes.map(({ name }) => name)).toEqual(['707-320', 'A340-300', 'Falcon 2000'])
}, 1_800_000)
