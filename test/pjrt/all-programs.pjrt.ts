import { useCpuPlugin } from '@gauntlet/engine/fixtures/cpu-plugin'
import { backboneFor, implementedBackbones } from '@gauntlet/backbones'
import { expect, it } from 'vitest'
import { evaluationPrograms, fineTuningPrograms } from './captured-programs.ts'

useCpuPlugin()

/* Half a minute to three minutes a backbone on two cores. `-t <id>` does one. */

it.each(implementedBackbones)('XLA has a form of all programs of %s', { timeout: 1_800_000 }, async (id) => {
  const { native } = backboneFor(id).resolution
  const programs = [...(await fineTuningPrograms(id, native)), ...(await evaluationPrograms(id, native))]
  expect(programs.length).toBeGreaterThan(15)
  for (const { module } of programs) expect(module.length).toBeGreaterThan(2 ** 14)
  console.log(id, programs.map(({ name, module }) => `${name} ${Math.round(module.length / 1000)} kB`).join(', '))
})
