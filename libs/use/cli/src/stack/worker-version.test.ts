import { expect, it } from 'vitest'
import { isSameEnvironment, workerVersion } from './worker-version.ts'

it('is the same for the same sources and environment, whatever other variables there are', () => {
  const version = workerVersion({ GAUNTLET_PRECISION: 'float32' })
  expect(workerVersion({ GAUNTLET_PRECISION: 'float32', PWD: '/elsewhere', GAUNTLET_HOME: '/home' })).toBe(version)
})

it.each(['GAUNTLET_PRECISION', 'XLA_FLAGS', 'CUDA_VISIBLE_DEVICES', 'https_proxy', 'HF_TOKEN', 'TMPDIR'])(
  'is another one with another %s',
  (name) => {
    const [one, other] = [workerVersion({ [name]: 'a' }), workerVersion({ [name]: 'b' })]
    expect(one).not.toBe(other)
    expect(isSameEnvironment(one, other)).toBe(false)
  },
)

it('is of the same environment with other sources alone', () => {
  const version = workerVersion({})
  expect(isSameEnvironment(version, `${version.split(' ')[0]} ${'0'.repeat(64)}`)).toBe(true)
  expect(isSameEnvironment(version, undefined)).toBe(false)
})
