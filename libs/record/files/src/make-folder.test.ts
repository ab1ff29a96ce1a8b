import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { emptyFolder } from './empty-folder.fixture.ts'
import { makeFolder } from './make-folder.mjs'

it('makes a folder and those above it, and takes one that is there', () => {
  const folder = join(emptyFolder(), 'a b', 'c')
  makeFolder(folder)
  makeFolder(folder)
  expect(existsSync(folder)).toBe(true)
})

it('fails at once where the system makes no folder', () => {
  expect(() => makeFolder('/proc/nothing/users')).toThrow('ENOENT: no such file or directory, mkdir')
})
