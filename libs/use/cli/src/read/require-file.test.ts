import { emptyFolder } from '@gauntlet/files/fixtures/empty-folder'
import { linkSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { Misuse } from '../command-failed.ts'
import { requireFile, requireNoFolder, requireOtherFile } from './require-file.ts'

it('refuses to write over what is read, by whatever name', async () => {
  const folder = emptyFolder()
  const weights = join(folder, 'my.pth')
  writeFileSync(weights, 'weights')
  symlinkSync('my.pth', join(folder, 'link'))
  linkSync(weights, join(folder, 'hard'))
  for (const out of ['my.pth', './my.pth', 'link', 'hard'])
    await expect(requireOtherFile(join(folder, out), [weights])).rejects.toThrow(Misuse)
  await expect(requireOtherFile(join(folder, 'new'), [weights])).resolves.toBeUndefined()
  await expect(requireOtherFile(weights, [join(folder, 'none')])).resolves.toBeUndefined()
})

it('tells a file from a folder and from nothing', async () => {
  const folder = emptyFolder()
  const file = join(folder, 'file')
  writeFileSync(file, '')
  await expect(requireFile(file, 'a seal')).resolves.toBeUndefined()
  await expect(requireFile(folder, 'a seal')).rejects.toThrow('is a folder; give a seal.')
  await expect(requireFile(join(folder, 'none'), 'a seal')).rejects.toThrow(/There is no file .*; give a seal\./)
  await expect(requireNoFolder(folder)).rejects.toThrow('name a file to write')
  await expect(requireNoFolder(file)).resolves.toBeUndefined()
})
