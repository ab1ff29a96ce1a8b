import type * as FilesApi from 'node:fs/promises'
import { chmod, readFile, stat, utimes } from 'node:fs/promises'
import { join } from 'node:path'
import { emptyFolder } from '@gauntlet/files/fixtures/empty-folder'
import { expect, it, vi } from 'vitest'
import { FileArtifactStore } from './file-artifact-store.ts'

/*
 * A store that several accounts use. Only the account that wrote a file may set its time; the system refuses others.
 */

vi.mock('node:fs/promises', async (original) => {
  const real = await original<typeof FilesApi>()
  return { ...real, utimes: vi.fn<typeof real.utimes>(real.utimes) }
})

it('takes bytes that another account has stored, and keeps them from being removed as unused', async () => {
  const folder = emptyFolder()
  const bytes = new TextEncoder().encode('the same bytes')
  const { digest } = await new FileArtifactStore(folder).put(bytes, 'text/plain')
  const path = join(folder, 'sha256', digest.slice(0, 2), digest)
  await chmod(path, 0o644)
  await utimes(path, 1, 1)
  vi.mocked(utimes).mockRejectedValue(Object.assign(new Error('not permitted'), { code: 'EPERM' }))
  expect((await new FileArtifactStore(folder).put(bytes, 'text/plain')).digest).toBe(digest)
  expect(await readFile(path, 'utf8')).toBe('the same bytes')
  expect(Date.now() - (await stat(path)).mtimeMs).toBeLessThan(60_000)
})
