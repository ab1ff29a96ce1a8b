import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'

/** An empty folder for one test, which removes it at its end. */
export function emptyFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'gauntlet-test-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}
