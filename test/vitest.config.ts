import { resolve } from 'node:path'
import { configDefaults, defineConfig } from 'vitest/config'

/** Rooms whose tests share a process, as what they import is loaded once then; no state of theirs is a module's. */
const sharing = ['libs/{vocabulary,record,use}', 'infra'].map((room) => `${room}/**/*.test.ts`)

/** Tests stand beside their files; heavy ones start real services, hence two workers and a minute each. */
export default defineConfig({
  root: resolve(import.meta.dirname, '..'),
  test: {
    pool: 'forks',
    maxWorkers: 2,
    testTimeout: 60_000,
    hookTimeout: 60_000,
    // As device processes of one thread have them (`deviceVariables`): the two workers have a core each.
    env: {
      TF_CPP_MIN_LOG_LEVEL: '2',
      TF_ENABLE_ONEDNN_OPTS: '1',
      TF_NUM_INTRAOP_THREADS: '1',
      TF_NUM_INTEROP_THREADS: '1',
      OMP_NUM_THREADS: '1',
    },
    projects: [
      // At any depth, so that a test which moves is not lost.
      {
        extends: true,
        test: {
          name: 'alone',
          include: ['{libs,workflows,workers,infra,test}/**/*.test.ts'],
          exclude: [...configDefaults.exclude, ...sharing],
        },
      },
      { extends: true, test: { name: 'sharing', include: sharing, isolate: false } },
    ],
  },
})
