import { backboneFor } from '@gauntlet/backbones'
import { compileAhead, h100 } from '@gauntlet/engine/ahead-of-time'
import { fineTuningPrograms, smallestOfEachFamily } from './captured-programs.ts'

/*
 * What the programs of a fine-tuning cost on an H100, without one: seconds to compile and megabytes of temporaries, of
 * the smallest backbone of each family at its native resolution, two images a micro-batch. One line of JSON a program.
 *
 *   GAUNTLET_DEVICE=xla_cpu npx tsx test/pjrt/ahead-of-time.ts <NVIDIA's plugin> [<backbone>…]
 *
 * `--deterministic` adds the flag by which XLA refuses what adds in any order, in place of leaving it out.
 * `--program=step` compiles those programs alone whose names begin so.
 */
const [plugin, ...rest] = process.argv.slice(2)
const more = rest.includes('--deterministic') ? ([['xla_gpu_deterministic_ops', true]] as const) : []
const wanted = new RegExp(`^${rest.find((argument) => argument.startsWith('--program='))?.split('=')[1] ?? ''}`)
const named = rest.filter((argument) => !argument.startsWith('--'))
for (const id of named.length > 0 ? named : smallestOfEachFamily()) {
  for (const program of await fineTuningPrograms(id, backboneFor(id).resolution.native, wanted))
    console.log(JSON.stringify({ id, program: program.name, ...costOf(program) }))
}

function costOf(program: Parameters<typeof compileAhead>[2]) {
  try {
    const { seconds, memory } = compileAhead(plugin!, h100, program, more)
    return { seconds: Number(seconds.toFixed(1)), temporariesMB: Math.round(memory.temporaries / 1e6) }
  } catch (error) {
    return { refused: (error as Error).message }
  }
}
