import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, vi } from 'vitest'

/** Gives each test a home of its own, as commands find it in the environment, with no services of anybody. */
export function useHome(): () => string {
  let home: string
  beforeEach(() => {
    home = mkdtempSync(join(tmpdir(), 'gauntlet-home-test-'))
    for (const name of ['DATABASE_URL', 'TEMPORAL_ADDRESS']) vi.stubEnv(name, undefined)
    vi.stubEnv('GAUNTLET_HOME', home)
  })
  afterEach(() => {
    vi.unstubAllEnvs()
    rmSync(home, { recursive: true })
  })
  return () => home
}
