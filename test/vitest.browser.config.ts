import { resolve } from 'node:path'
import { defineConfig } from 'vitest/config'

/** What only a browser can show. Needs Chromium, at CHROMIUM or where Debian installs it. */
export default defineConfig({
  root: resolve(import.meta.dirname, '..'),
  test: { include: ['test/browser/*.browser.ts'], pool: 'forks', maxWorkers: 1, testTimeout: 60_000 },
})
