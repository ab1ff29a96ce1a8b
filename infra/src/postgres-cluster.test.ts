import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { emptyFolder } from '@gauntlet/files/fixtures/empty-folder'
import { expect, it } from 'vitest'
import { initialisePostgres } from './postgres-cluster.ts'

it('says why the cluster could not be created, and not what initdb did after that', async () => {
  const [home, folder] = [emptyFolder(), emptyFolder()]
  for (const made of [join(home, 'services'), join(folder, 'bin')]) mkdirSync(made)
  const script = [
    '#!/bin/sh',
    'echo "FATAL:  could not write to file: No space left on device" >&2',
    'echo "initdb: removing contents of data directory" >&2',
    'exit 1',
  ]
  writeFileSync(join(folder, 'bin', 'initdb'), script.join('\n'), { mode: 0o755 })
  const made = initialisePostgres(home, folder, undefined)
  await expect(made).rejects.toThrow(/data.new: could not write to file: No space left on device; free space there/)
})
