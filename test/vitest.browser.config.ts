import { resolve } from 'node:path'
import { defineConfig } from 'vitest/config'

/**
 * What only a browser can show, and the API fuzzed at length. Needs Chromium, at CHROMIUM or where Debian installs it.
 */
export default defineConfig({
  root: resolve(import.meta.dirname, '..'),
  test: {
    include: ['test/browser/*.{test,browser}.ts', 'libs/use/api/src/fuzz.test.ts'],
    env: { GAUNTLET_FUZZ_CASES: '1000' },
    pool: 'forks',
    maxWorkers: 1,
    testTimeout: 60_000,
    hookTimeout: 600_000,
  },
})
