import { resolve } from 'node:path'
import { defineConfig } from 'vitest/config'

/** Two hosts on one folder, as real namespaces of Linux, which need root (`npm run test:hosts`). */
export default defineConfig({
  root: resolve(import.meta.dirname, '..'),
  test: {
    include: ['test/hosts/*.hosts.ts'],
    pool: 'forks',
    maxWorkers: 1,
    testTimeout: 120_000,
    hookTimeout: 120_000,
  },
})
