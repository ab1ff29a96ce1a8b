import { expect, it } from 'vitest'
import { workerVersion } from './worker-version.ts'

it('is the same for the same sources and environment, whatever other variables there are', () => {
  const version = workerVersion({ GAUNTLET_PRECISION: 'float32' })
  expect(workerVersion({ GAUNTLET_PRECISION: 'float32', PWD: '/elsewhere', GAUNTLET_HOME: '/home' })).toBe(version)
})

it.each(['GAUNTLET_PRECISION', 'XLA_FLAGS', 'CUDA_VISIBLE_DEVICES', 'https_proxy', 'HF_TOKEN', 'TMPDIR'])(
  'is another one with another %s',
  (name) => expect(workerVersion({ [name]: 'a' })).not.toBe(workerVersion({ [name]: 'b' })),
)
