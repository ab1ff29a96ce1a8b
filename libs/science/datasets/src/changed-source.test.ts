import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { emptyFolder } from '@gauntlet/files/fixtures/empty-folder'
import { expect, it, vi } from 'vitest'
import { classesOf, folderOf } from './image-folder.fixture.ts'
import { packDataset } from './pack-dataset.ts'
import type * as reading from './sources/read-source.ts'

/** Removes an image once the source is read for the first time. */
vi.mock('./sources/read-source.ts', async (original) => {
  const { readSource } = await original<typeof reading>()
  return {
    readSource: async (path: string) => {
      const source = await readSource(path)
      rmSync(join(path, 'cat/3.png'))
      return source
    },
  }
})

it('an image that is gone at the second reading makes the dataset no smaller', async () => {
  const specification = { id: 'test', source: 'file:test', sha256: 'a'.repeat(64), classes: 2, resolution: 8 }
  const counts = { trainImages: null, validationImages: null, testImages: null, splitSeed: 42 }
  const packed = packDataset(
    { ...specification, ...counts },
    folderOf(classesOf(['cat', 'dog'], 20)),
    join(emptyFolder(), 'images'),
  )
  await expect(packed).rejects.toThrow('The dataset changed while it was read; leave it alone and prepare it again.')
})
