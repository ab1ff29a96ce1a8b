import { useCpuPlugin } from '@gauntlet/engine/fixtures/cpu-plugin'
import { expect, it } from 'vitest'
import { fineTuningPrograms, smallestOfEachFamily, smallSide } from './captured-programs.ts'

useCpuPlugin()

/*
 * One program of each family: a micro-batch of TRADES, which has the inner attack, the forward pass and all gradients.
 * `npm run test:pjrt` lowers all programs of all backbones at their native resolutions.
 */

it.each(smallestOfEachFamily())('XLA has a form of a micro-batch of %s', async (id) => {
  const [program] = await fineTuningPrograms(id, smallSide(id), /^accumulate/)
  expect(program!.inputs).toContain('images')
  expect(program!.written.some(({ path }) => /^gradients\b/.test(path))).toBe(true)
  expect(program!.module.length).toBeGreaterThan(2 ** 16)
})
