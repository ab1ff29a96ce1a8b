import { resolve } from 'node:path'
import { defineConfig } from 'vitest/config'

/** A study under every Node.js that people have, one after the other (`npm run test:nodes`). */
export default defineConfig({
  root: resolve(import.meta.dirname, '..'),
  test: { include: ['test/nodes/*.nodes.ts'], pool: 'forks', maxWorkers: 1, hookTimeout: 120_000 },
})
