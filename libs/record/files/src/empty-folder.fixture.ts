import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, onTestFinished } from 'vitest'

/** An empty folder for one test, which removes it at its end. */
export function emptyFolder(): string {
  const folder = temporaryFolder()
  onTestFinished(() => remove(folder))
  return folder
}

/** An empty folder for all tests of a file, which is removed after them. To be asked for outside of tests and hooks. */
export function sharedFolder(): string {
  const folder = temporaryFolder()
  afterAll(() => remove(folder))
  return folder
}

function temporaryFolder(): string {
  return mkdtempSync(join(tmpdir(), 'gauntlet-test-'))
}

function remove(folder: string): void {
  rmSync(folder, { recursive: true, force: true })
}
