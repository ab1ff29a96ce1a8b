import { resolve } from 'node:path'
import { defineConfig } from 'vitest/config'

/** Exports as the tools of others read them, in a Python environment of its own (`npm run test:exchange`). */
export default defineConfig({
  root: resolve(import.meta.dirname, '..'),
  test: { include: ['test/exchange/*.exchange.ts'], pool: 'forks', maxWorkers: 1 },
})
