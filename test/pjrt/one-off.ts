import { backboneFor, implementedBackbones } from '@gauntlet/backbones'
import { evaluationPrograms, fineTuningPrograms, smallestOfEachFamily, smallSide } from './captured-programs.ts'
const [what, from, to] = process.argv.slice(2)
const ids = what === 'ft' ? implementedBackbones : smallestOfEachFamily()
for (const id of ids.slice(Number(from), Number(to))) {
  const begun = performance.now()
  try {
    const programs =
      what === 'ft'
        ? await fineTuningPrograms(id, backboneFor(id).resolution.native)
        : await evaluationPrograms(id, smallSide(id))
    console.log(
      'OK',
      id,
      ((performance.now() - begun) / 1000).toFixed(1),
      programs.map(({ name, module }) => `${name}:${Math.round(module.length / 1000)}kB`).join(' '),
    )
  } catch (error) {
    console.log('FAIL', id, String(error).slice(0, 400))
  }
}
