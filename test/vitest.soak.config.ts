import { resolve } from 'node:path'
import { defineConfig } from 'vitest/config'

/** Proofs too long for every day: one after the other, each with the time it says. */
export default defineConfig({
  root: resolve(import.meta.dirname, '..'),
  test: { include: ['test/soak/*.soak.ts'], pool: 'forks', maxWorkers: 1, hookTimeout: 120_000 },
})
