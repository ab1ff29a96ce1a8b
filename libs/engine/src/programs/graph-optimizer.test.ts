import { spawnSync } from 'node:child_process'
import { expect, it } from 'vitest'

/** One program in a process of its own, since TensorFlow reads what it is to log when it is loaded. */
const oneProgram = `
  import { ProgramBuilder } from '${import.meta.dirname}/index.ts'
  import { tf } from '${import.meta.dirname}/../tf.ts'
  const builder = new ProgramBuilder({})
  builder.capture('twice', ({ x }) => ({ outputs: x.matMul(x).relu().add(x).mean() }), { x: tf.ones([40, 40]) })
  builder.load().dispose()`

it(
  "lets TensorFlow's optimiser fuse kernels in one pass, without the passes that cost most and find nothing",
  { timeout: 60_000 },
  () => {
    const env = { ...process.env, TF_CPP_MIN_LOG_LEVEL: '0', TF_CPP_VMODULE: 'meta_optimizer=1', GAUNTLET_CACHE: '' }
    const options = ['--import', 'tsx', '--input-type=module', '--eval', oneProgram]
    const { status, stderr } = spawnSync(process.execPath, options, { env, encoding: 'utf8' })
    expect(status, stderr).toBe(0)
    const graphs = stderr.split('Starting optimization for grappler item').slice(1)
    expect(graphs).not.toEqual([])
    for (const graph of graphs) {
      const passes = [...graph.matchAll(/\] (\w+): Graph size after/g)].map(([, name]) => name)
      expect(passes.filter((name) => name === 'remapper' || name === 'constant_folding')).toEqual([
        'constant_folding',
        'remapper',
      ])
      expect(passes.filter((name) => /^(memory_optimizer|tfg_optimizer|implementation_selector)/.test(name!))).toEqual([])
    }
  },
)
