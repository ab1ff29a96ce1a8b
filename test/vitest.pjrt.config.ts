import { resolve } from 'node:path'
import { defineConfig } from 'vitest/config'

/** Programs as XLA compiles them, of all backbones at their native resolutions: hours on two cores. */
export default defineConfig({
  root: resolve(import.meta.dirname, '..'),
  test: { include: ['test/pjrt/*.pjrt.ts'], pool: 'forks', maxWorkers: 1, env: { TF_CPP_MIN_LOG_LEVEL: '2' } },
})
