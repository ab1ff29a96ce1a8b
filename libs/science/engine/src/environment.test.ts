import { availableParallelism } from 'node:os'
import { expect, it } from 'vitest'
import { deviceVariables } from './device-variables.ts'
import { engineEnvironment, environmentClass } from './environment.ts'

it('describes the engine, the device and the settings that can change a bit', () => {
  const environment = engineEnvironment(deviceVariables({ threads: 3 }))
  expect(environment).toMatchObject({
    libtensorflow: expect.stringMatching(/^2\./),
    tfjs: '4.22.0',
    threads: 1,
    parts: 3,
    deterministic: true,
    oneDnn: true,
    precision: 'float32',
    mathFunctions: expect.stringMatching(/^[0-9a-f]{16}$/),
  })
  expect(environment.device).toMatch(/^cpu ./)
  expect(environment).not.toHaveProperty('compiler')
})

it('gives another class for another number of threads, and the same for the same', () => {
  const classOf = (threads: number) => environmentClass(engineEnvironment(deviceVariables({ threads })))
  expect(classOf(1)).toBe(classOf(1))
  expect(classOf(1)).not.toBe(classOf(2))
})

it('counts the threads of the machine where no number is set, so that two machines do not share a class by default', () => {
  expect(engineEnvironment({}).threads).toBe(availableParallelism())
})

it('gives another class without oneDNN, whose kernels add in another order', () => {
  const [on, off] = [engineEnvironment({}), engineEnvironment({ TF_ENABLE_ONEDNN_OPTS: '0' })]
  expect(environmentClass(on)).not.toBe(environmentClass(off))
})

it('gives another class for another precision of programs', () => {
  const [low, high] = ['bfloat16', 'float32'].map((GAUNTLET_PRECISION) => engineEnvironment({ GAUNTLET_PRECISION }))
  expect(low!.precision).toBe('bfloat16')
  expect(environmentClass(low!)).not.toBe(environmentClass(high!))
})

it('gives another class for a variable that a library computes by, and the same for one that it only logs by', () => {
  const classWith = (variables: NodeJS.ProcessEnv) => environmentClass(engineEnvironment(variables))
  const plain = classWith({})
  for (const name of ['XLA_FLAGS', 'TF_XLA_FLAGS', 'ONEDNN_MAX_CPU_ISA', 'DNNL_MAX_CPU_ISA', 'TF_ENABLE_LAYOUT_OPT'])
    expect(classWith({ [name]: '1' }), name).not.toBe(plain)
  for (const name of ['TF_CPP_MIN_LOG_LEVEL', 'ONEDNN_VERBOSE', 'CUDA_CACHE_PATH', 'CUDA_VISIBLE_DEVICES', 'HOME'])
    expect(classWith({ [name]: '1' }), name).toBe(plain)
})
