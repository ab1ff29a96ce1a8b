import { mkdirSync, readdirSync, statSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { emptyFolder } from './empty-folder.fixture.ts'
import { noteUse, removeUnused } from './unused-files.mjs'

const daysAgo = (days: number) => new Date(Date.now() - days * 86_400_000)

it('removes the files of a cache that were not used for thirty days', () => {
  const folder = emptyFolder()
  for (const [name, days] of Object.entries({ unused: 31, used: 31, lately: 29, fresh: 0 })) {
    writeFileSync(join(folder, name), name)
    utimesSync(join(folder, name), daysAgo(days), daysAgo(days))
  }
  const stays = join(folder, 'no file')
  mkdirSync(stays)
  utimesSync(stays, daysAgo(31), daysAgo(31))
  noteUse(join(folder, 'used'))
  removeUnused(folder, join(folder, 'fresh'))
  expect(readdirSync(folder).toSorted()).toEqual(['fresh', 'lately', 'no file', 'used'])
})

it('notes a use once a day, and passes over a file that is gone', () => {
  const file = join(emptyFolder(), 'file')
  writeFileSync(file, '')
  const anHourAgo = new Date(Date.now() - 3_600_000)
  utimesSync(file, anHourAgo, anHourAgo)
  noteUse(file)
  expect(statSync(file).mtimeMs).toBeCloseTo(anHourAgo.getTime(), -1)
  expect(() => noteUse(`${file}-gone`)).not.toThrow()
})
