import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect, it } from 'vitest'

const starter = join(import.meta.dirname, '../../../infra/programs/start.mjs')

it('says in one sentence which setting is missing', async () => {
  const started = promisify(execFile)(process.execPath, [starter, join(import.meta.dirname, 'main.ts')], { env: {} })
  await expect(started).rejects.toMatchObject({
    code: 1,
    stderr: 'The ledger worker needs DATABASE_URL; set it and start the worker again.\n',
  })
}, 60_000)
