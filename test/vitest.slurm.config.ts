import { resolve } from 'node:path'
import { defineConfig } from 'vitest/config'

/** A study on a real SLURM of one machine, which needs root and SLURM (`npm run test:slurm`). */
export default defineConfig({
  root: resolve(import.meta.dirname, '..'),
  test: {
    include: ['test/slurm/*.slurm.ts'],
    pool: 'forks',
    maxWorkers: 1,
    testTimeout: 120_000,
    hookTimeout: 120_000,
  },
})
