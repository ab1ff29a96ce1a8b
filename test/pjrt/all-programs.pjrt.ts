import { backboneFor, implementedBackbones } from '@gauntlet/backbones'
import { useCpuPlugin } from '@gauntlet/engine/fixtures/cpu-plugin'
import { lowerEqualGraphsOnce } from '@gauntlet/engine/fixtures/lowering-once'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { cacheFolder } from '@gauntlet/infra/cache-folder'
import { evaluationPrograms, fineTuningPrograms } from './captured-programs.ts'

useCpuPlugin()
const counts = lowerEqualGraphsOnce(join(cacheFolder(), 'lowered'))

/*
 * Half a minute to three minutes a backbone on two cores; `-t "family ResNet"` does one family. Graphs that were
 * lowered before are found again, so that a run which was stopped goes on where it was.
 */

const families = [...new Set(implementedBackbones.map((id) => backboneFor(id).family))]

describe.each(families)('in the family %s', (family) => {
  const members = implementedBackbones.filter((id) => backboneFor(id).family === family)

  it.each(members)('XLA has a form of all programs of %s', { timeout: 1_800_000 }, async (id) => {
    const before = { ...counts }
    const { native } = backboneFor(id).resolution
    const programs = [...(await fineTuningPrograms(id, native)), ...(await evaluationPrograms(id, native))]
    expect(programs.length).toBeGreaterThan(15)
    for (const { module } of programs) expect(module.length).toBeGreaterThan(2 ** 14)
    const [lowered, found] = [counts.lowered - before.lowered, counts.found - before.found]
    const kilobytes = programs.map(({ name, module }) => `${name} ${Math.round(module.length / 1000)} kB`)
    console.log(`${id}: ${programs.length} programs, ${lowered} lowered, ${found} found. ${kilobytes.join(', ')}`)
  })
})
