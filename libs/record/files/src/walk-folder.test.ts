import fc from 'fast-check'
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { expect, it } from 'vitest'
import { emptyFolder } from './empty-folder.fixture.ts'
import { Refused, refuse } from './refused.fixture.ts'
import { byCodePoint, isLeftBehind, walkFolder } from './walk-folder.mjs'

function folderOf(names: readonly string[]): string {
  const folder = emptyFolder()
  for (const name of names) {
    mkdirSync(dirname(join(folder, name)), { recursive: true })
    writeFileSync(join(folder, name), name)
  }
  return folder
}
const namesIn = (folder: string) => walkFolder(folder, refuse).files.map(({ name }) => name)

it('lists files at any depth in the order of code points, whatever the locale', () => {
  expect(namesIn(folderOf(['b/1.png', 'a.png', 'B.png', 'b/é.png', 'b/z.png', 'a/2.png']))).toEqual([
    'B.png',
    'a.png',
    'a/2.png',
    'b/1.png',
    'b/z.png',
    'b/é.png',
  ])
})

it('orders as Python does', () => {
  const codes = (text: string) => Array.from(text, (letter) => letter.codePointAt(0)!)
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), fc.string({ unit: 'binary' }), (a, b) => {
      const [left, right] = [codes(a), codes(b)]
      const at = left.findIndex((code, i) => code !== right[i])
      const expected = at < 0 ? left.length - right.length : left[at]! - (right[at] ?? -1)
      expect(Math.sign(byCodePoint(a, b))).toBe(Math.sign(expected))
    }),
  )
})

it('gives one name for either Unicode form, and refuses both at once', () => {
  expect(namesIn(folderOf(['caf\u0065\u0301.png']))).toEqual(['caf\u00e9.png'])
  expect(() => namesIn(folderOf(['caf\u0065\u0301.png', 'caf\u00e9.png']))).toThrow(Refused)
})

it('passes over what systems leave behind, and says so', () => {
  const folder = folderOf(['a.png', '._a.png', '.DS_Store', 'x/Thumbs.db', '__MACOSX/a.png', 'desktop.ini'])
  const { files, passedOver, emptyFolders } = walkFolder(folder, refuse)
  expect(files.map(({ name }) => name)).toEqual(['a.png'])
  expect(passedOver).toEqual(['.DS_Store', '._a.png', '__MACOSX', 'desktop.ini', 'x/Thumbs.db'])
  expect(emptyFolders).toEqual(['x'])
  expect(['a.png', 'my.folder/x.png', 'Icon.png'].some(isLeftBehind)).toBe(false)
})

it('follows links, and refuses one that leads nowhere or into a folder around it', () => {
  const [data, other] = [folderOf(['a.png']), folderOf(['b.png', 'c/d.png'])]
  symlinkSync(other, join(data, 'linked'))
  symlinkSync(join(other, 'b.png'), join(data, 'e.png'))
  expect(namesIn(data)).toEqual(['a.png', 'e.png', 'linked/b.png', 'linked/c/d.png'])
  symlinkSync(data, join(data, 'loop'))
  expect(() => namesIn(data)).toThrow('leads into a folder that holds it')
  const broken = folderOf(['a.png'])
  symlinkSync(join(broken, 'gone'), join(broken, 'b.png'))
  expect(() => namesIn(broken)).toThrow('"b.png" leads nowhere')
})
