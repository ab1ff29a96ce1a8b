import { temporaryFolder } from '@gauntlet/files/temporary-folder'
import type { Digest } from '@gauntlet/study'
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, expect, it } from 'vitest'
import { sourceReference } from './context.ts'

const folder = temporaryFolder('gauntlet-source-')
afterAll(() => rmSync(folder, { recursive: true }))

const digest = 'a'.repeat(64) as Digest

it('counts the bytes of a file, and of all files of a folder', () => {
  mkdirSync(join(folder, 'cats'))
  writeFileSync(join(folder, 'cats', '1.png'), 'seven b')
  writeFileSync(join(folder, 'labels.csv'), '1234')
  expect(sourceReference(join(folder, 'labels.csv'), digest).size).toBe(4)
  expect(sourceReference(folder, digest)).toMatchObject({ digest, size: 11 })
})
