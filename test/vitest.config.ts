import { resolve } from 'node:path'
import { defineConfig } from 'vitest/config'

/** Tests stand beside their files; heavy ones start real services, hence two workers and a minute each. */
export default defineConfig({
  root: resolve(import.meta.dirname, '..'),
  test: {
    // At any depth, so that a test which moves is not lost.
    include: ['{libs,workflows,workers,infra,test}/**/*.test.ts'],
    pool: 'forks',
    maxWorkers: 2,
    testTimeout: 60_000,
    hookTimeout: 60_000,
    env: { TF_CPP_MIN_LOG_LEVEL: '2', TF_ENABLE_ONEDNN_OPTS: '1' }, // as device processes have them
  },
})
