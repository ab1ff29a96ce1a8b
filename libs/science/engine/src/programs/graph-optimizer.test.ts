import { spawnSync } from 'node:child_process'
import { expect, it } from 'vitest'
import { deviceVariables } from '../device-variables.ts'

/** A program in a process of its own, since TensorFlow reads its log settings when it is loaded. */
const oneProgram = `
  import { ProgramBuilder } from '${import.meta.dirname}/index.ts'
  import { tf } from '${import.meta.dirname}/../tf.ts'
  const builder = new ProgramBuilder({})
  builder.capture('twice', ({ x }) => ({ outputs: x.matMul(x).relu().add(x).mean() }), { x: tf.ones([40, 40]) })
  builder.load().dispose()`

/** The passes that TensorFlow's graph optimiser runs on each graph. */
function passesIn(variables: Readonly<Record<string, string>>): string[][] {
  const logged = { TF_CPP_MIN_LOG_LEVEL: '0', TF_CPP_VMODULE: 'meta_optimizer=1' }
  const env = { ...process.env, ...variables, ...logged, GAUNTLET_CACHE: '' }
  const options = ['--import', 'tsx', '--input-type=module', '--eval', oneProgram]
  const { status, stderr } = spawnSync(process.execPath, options, { env, encoding: 'utf8' })
  expect(status, stderr).toBe(0)
  const graphs = stderr.split('Starting optimization for grappler item').slice(1)
  return graphs.map((graph) => [...graph.matchAll(/\] (\w+): Graph size after/g)].map(([, name]) => name!))
}

it('does not run the graph optimiser of TensorFlow on CPUs', { timeout: 60_000 }, () => {
  expect(passesIn(deviceVariables({ threads: 1 }))).toEqual([])
})

it(
  'runs it once on GPUs, where it fuses kernels, without the passes that cost most and find nothing',
  { timeout: 60_000 },
  () => {
    const graphs = passesIn({ ...deviceVariables({ threads: 1, gpu: '0' }), CUDA_VISIBLE_DEVICES: '' })
    expect(graphs).not.toEqual([])
    for (const passes of graphs) {
      expect(passes.filter((name) => name === 'remapper' || name === 'constant_folding')).toEqual([
        'constant_folding',
        'remapper',
      ])
      expect(passes.filter((name) => /^(memory_optimizer|tfg_optimizer|implementation_selector)/.test(name))).toEqual(
        [],
      )
    }
  },
)
