import { afterAll, describe, expect, it } from 'vitest'
import { GauntletHome } from '../end-to-end/gauntlet-home.fixture.ts'
import { recordedResults, type RecordedResults } from '../end-to-end/recorded-results.fixture.ts'
import { variant } from '../end-to-end/studies.fixture.ts'

/*
 * Fine-tuning of a backbone with batch norms that has too little memory for its micro-batch. What is trained with a
 * smaller one has a key of its own, and has the same bits when it is killed and goes on where there is more memory.
 */

const hour = 3_600_000
const study = variant(
  'tight',
  ['protocols: [FFT-1, LP-1]', 'protocols: [FFT-1]'],
  ['images: { train: 64, validation: 20, test: 40 }', 'images: { train: 768, validation: 20, test: 40 }'],
  ['  effectiveBatch: 32', '  effectiveBatch: 256'],
  ['  microBatch: 16', '  microBatch: 256\n  microBatchMayShrink: true'],
)

/** One device process, with so many bytes. */
const withMemory = (bytes: number) => ({ GAUNTLET_DEVICES: '1', GAUNTLET_DEVICE_MEMORY: String(bytes) })
const [little, much] = [withMemory(1.1e9), withMemory(8e9)]

/** The micro-batch that the numbers of a study were trained with, and the artifacts behind them. */
function training({ rows, executions }: RecordedResults) {
  const tuned = [...executions.values()].find(({ stage }) => stage === 'fine-tune')!
  const { hyperparameters } = tuned.parameters as { readonly hyperparameters: { readonly microBatch: number } }
  return { microBatch: hyperparameters.microBatch, trained: tuned.generated['trained']!.digest, rows }
}

describe('fine-tuning that runs out of memory', () => {
  const homes = { undisturbed: new GauntletHome(), killed: new GauntletHome(), roomy: new GauntletHome() }
  afterAll(async () => {
    for (const home of Object.values(homes)) await home.remove()
  })

  it(
    'is repeated with a smaller micro-batch under another key; killed and resumed with more memory it has the same bits',
    async () => {
      const run = async (home: GauntletHome) => {
        await home.succeed('run', home.study('tight', study))
        return training(await recordedResults(home, 'tight'))
      }
      homes.undisturbed.variables = little
      const undisturbed = await run(homes.undisturbed)
      expect(undisturbed.microBatch).toBeLessThan(256)

      const home = homes.killed
      home.variables = little
      const first = home.start('run', home.study('tight', study))
      await first.until('a training has a checkpoint', () => home.midStageCheckpoints().size > 0, { limitSeconds: 900 })
      home.killEverything()
      await first.ended
      home.variables = much
      expect(await run(home)).toEqual(undisturbed)

      homes.roomy.variables = much
      const roomy = await run(homes.roomy)
      expect(roomy.microBatch).toBe(256)
      expect(roomy.trained).not.toBe(undisturbed.trained)
    },
    hour,
  )
})
