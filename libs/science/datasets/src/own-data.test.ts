import { execFileSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { emptyFolder } from '@gauntlet/files/fixtures/empty-folder'
import { tarOf } from '@gauntlet/files/fixtures/tar'
import { zipOf } from '@gauntlet/files/fixtures/zip'
import { describe, expect, it } from 'vitest'
import { bytesOf, classesOf, folderOf, pngOf, type Contents } from './image-folder.fixture.ts'
import { InvalidDataset } from './invalid-dataset.ts'
import { labelledTable } from './sources/layouts/labelled-table.ts'
import { packDataset } from './pack-dataset.ts'
import { readSource } from './sources/read-source.ts'
import type { Scan, ScannedImage } from './sources/scan-files.ts'

const flowers = classesOf(['rose', 'daisy', 'tulip'], 3)
/** `<split> <label> <name>` of each image. */
async function listed(contents: Contents | string) {
  const { entries } = await readSource(typeof contents === 'string' ? contents : folderOf(contents))
  return entries.map(({ split, label, name }) => `${split} ${label} ${name}`)
}
const archive = (name: string, bytes: Uint8Array) => {
  const path = join(emptyFolder(), name)
  writeFileSync(path, bytes)
  return path
}

describe('a folder for each class', () => {
  it('has its classes in the order of code points, as ImageFolder', async () => {
    const { classNames, entries, format } = await readSource(folderOf(flowers))
    expect([format, classNames]).toEqual(['a folder for each class', ['daisy', 'rose', 'tulip']])
    expect(entries.map(({ label }) => label).join('')).toBe('000111222')
  })

  it('is the same in zip, tar and tar.gz, with a folder around it, and in any order of the archive', async () => {
    const around = Object.fromEntries(Object.entries(flowers).map(([name, content]) => [`flowers/${name}`, content]))
    const members = bytesOf(around).toReversed()
    const zip = zipOf(members.map(({ name, bytes }) => ({ name, content: bytes })))
    const entriesOf = async (path: string) =>
      (await readSource(path)).entries.map(({ name, ...rest }) => ({ ...rest, name: name.replace('flowers/', '') }))
    const expected = await entriesOf(folderOf(flowers))
    for (const path of [
      archive('a.zip', zip),
      archive('a.tar', tarOf(members)),
      archive('a.tgz', gzipSync(tarOf(members))),
      folderOf(around),
    ])
      expect(await entriesOf(path)).toEqual(expected)
  })

  it('may be split into train, val and test, under any of their names', async () => {
    for (const [train, validation, test] of [
      ['train', 'val', 'test'],
      ['Training', 'valid', 'testing'],
    ] as const) {
      const classes = ['b', 'a']
      const contents = {
        ...classesOf(classes, 2, `${train}/`),
        ...classesOf(classes, 1, `${validation}/`, 100),
        ...classesOf(classes, 1, `${test}/`, 200),
      }
      expect((await listed(contents)).map((line) => line.split(' ').slice(0, 2).join(' ')).toSorted()).toEqual([
        'test 0',
        'test 1',
        'train 0',
        'train 0',
        'train 1',
        'train 1',
        'validation 0',
        'validation 1',
      ])
    }
  })

  it('may have images deeper inside a class, and classes that are called as splits are', async () => {
    expect(await listed({ 'car/2026/a.png': 1, 'car/b.png': 2, 'train/c.png': 3 })).toEqual([
      'null 0 car/2026/a.png',
      'null 0 car/b.png',
      'null 1 train/c.png',
    ])
  })

  it('may be in train alone, beside a test without labels, as Kaggle gives them', async () => {
    const train = classesOf(['dog', 'cat'], 2, 'train/')
    const labelled = ['train 0 train/cat/0.png', 'train 0 train/cat/1.png', 'train 1 train/dog/0.png']
    const { classNames, entries, passedOver, format } = await readSource(
      folderOf({ ...train, 'test/1.png': 100, 'test/2.png': 101, 'extra/1.png': 102 }),
    )
    expect([format, classNames]).toEqual(['train with a folder for each class', ['cat', 'dog']])
    expect(entries.map(({ split, label, name }) => `${split} ${label} ${name}`).slice(0, 3)).toEqual(labelled)
    expect(passedOver).toEqual([
      { reason: 'images to which the source gives no class', names: ['extra/1.png', 'test/1.png', 'test/2.png'] },
    ])
    expect((await listed(train)).slice(0, 3)).toEqual(labelled)
    const around = Object.fromEntries(Object.entries(train).map(([name, content]) => [`pets/${name}`, content]))
    expect((await listed({ ...around, 'pets/test/1.png': 100 })).every((line) => line.startsWith('train'))).toBe(true)
  })

  it('says what it passed over, and why', async () => {
    const { entries, passedOver } = await readSource(
      folderOf({
        ...flowers,
        '.DS_Store': 'x',
        'rose/._0.png': 'x',
        'rose/Thumbs.db': 'x',
        'top.png': 9,
        'rose/a.mp4': 'x',
      }),
    )
    expect(entries).toHaveLength(9)
    expect(Object.fromEntries(passedOver.map(({ reason, names }) => [reason, names]))).toEqual({
      'hidden, or left behind by an operating system': ['.DS_Store', 'rose/._0.png', 'rose/Thumbs.db'],
      'images to which the source gives no class': ['top.png'],
      'neither image nor table': ['rose/a.mp4'],
    })
  })

  it('knows an image by its content, whatever its name ends in', async () => {
    const { entries } = await readSource(folderOf({ 'a/x.jpg': pngOf(1), 'b/y': pngOf(2) }))
    expect(entries.map(({ encoding }) => encoding)).toEqual(['png', 'png'])
  })

  it('is refused with one class, without classes, and where there is nothing', async () => {
    await expect(listed({ 'a/x.png': 1 })).rejects.toThrow('one class alone (a)')
    await expect(listed({ 'train/x.png': 1, 'test/y.png': 2 })).rejects.toThrow('neither folders nor a table')
    await expect(listed({ 'x.png': 1, 'y.png': 2 })).rejects.toThrow('neither folders nor a table')
    await expect(listed('/nowhere')).rejects.toThrow('There is no dataset at /nowhere')
    await expect(listed(archive('a.csv', Buffer.from('path,label\n')))).rejects.toThrow('name the folder that holds it')
  })
})

describe('a table of paths and labels', () => {
  const images = { 'img/1.png': 1, 'img/2.png': 2, 'img/sub/3.png': 3 }

  it.each([
    ['paths from the table', 'file_name,label\nimg/1.png,cat\nimg/2.png,dog\n./img/sub/3.png,cat\n'],
    [
      'quotes, a byte order mark and CRLF',
      '\uFEFF"path";"Class"\r\n"img/1.png";"cat"\r\nimg/2.png;dog\r\nimg/sub/3.png;cat\r\n',
    ],
    ['file names alone', 'label\tfilename\ncat\t1.png\ndog\t2.png\ncat\tsub/3.png\n'],
    ['names without endings', 'id,species\n1,cat\n2,dog\n3,cat\n'],
    ['no headings', 'img/1.png,cat\nimg/2.png,dog\nimg/sub/3.png,cat\n'],
    ['paths of Windows', 'path,label\nimg\\1.png,cat\nimg\\2.png,dog\nimg\\sub\\3.png,cat\n'],
  ])('may have %s', async (_, table) => {
    expect(await listed({ ...images, 'labels.csv': table })).toEqual([
      'null 0 img/1.png',
      'null 1 img/2.png',
      'null 0 img/sub/3.png',
    ])
  })

  it('may have a column of splits, or be one table for each', async () => {
    const expected = ['train 0 img/1.png', 'validation 1 img/2.png', 'test 0 img/sub/3.png']
    const column = 'path,label,split\nimg/1.png,a,train\nimg/2.png,b,val\nimg/sub/3.png,a,test\n'
    expect(await listed({ ...images, 'all.csv': column })).toEqual(expected)
    const tables = { 'train.csv': 'path,label\nimg/1.png,a\n', 'val.csv': 'path,label\nimg/2.png,b\n' }
    const three = { ...images, ...tables, 'test.csv': 'path,label\nimg/sub/3.png,a\n' }
    expect((await listed(three)).toSorted()).toEqual(expected.toSorted())
  })

  it('may lie in the folder of each split, and is none of RobustGenBench unless it begins as theirs', async () => {
    const parts = { 'train/1.png': 1, 'train/2.png': 2, 'val/1.png': 3, 'test/1.png': 4 }
    const expected = ['test 0 test/1.png', 'train 0 train/1.png', 'train 1 train/2.png', 'validation 0 val/1.png']
    for (const head of ['path,label', 'filename,label'])
      expect(
        await listed({
          ...parts,
          'train/labels.csv': `${head}\n1.png,cat\n2.png,dog\n`,
          'val/labels.csv': `${head}\n1.png,cat\n`,
          'test/labels.csv': `${head}\n1.png,cat\n`,
        }),
      ).toEqual(expected)
  })

  it('is refused in another encoding than UTF-8, or with a quote that stays open', async () => {
    const latin = Buffer.from('path,label\nimg/1.png,ca\xf1a\nimg/2.png,ca\xf2a\nimg/sub/3.png,b\n', 'latin1')
    await expect(listed({ ...images, 'l.csv': latin })).rejects.toThrow('l.csv is not text in UTF-8; save it as UTF-8.')
    for (const table of [
      'path,label\n"img/1.png","a\nb"\nimg/2.png,"b\nimg/sub/3.png,a\n',
      '"label",path\na,img/1.png\nb,img/2.png\n"c,img/sub/3.png\n',
      'path,label\nimg/1.png,a\nimg/2.png,b\n"img/sub/3.png,a\n',
    ])
      await expect(listed({ ...images, 'l.csv': table })).rejects.toThrow(
        'l.csv has a quote in line 4 that nothing closes; close or remove it.',
      )
    await expect(listed({ ...images, 'l.csv': '"path,label\nimg/1.png,a\n' })).rejects.toThrow('a quote in line 1')
    const notes = { 'notes.csv': Buffer.from('who,what\nJos\xe9,"5\n', 'latin1') }
    expect(await listed({ ...flowers, ...notes })).toHaveLength(9)
  })

  it('finds each of very many images of the same name', () => {
    const count = 50_000
    const images = new Map(Array.from({ length: count }, (_, i) => [`data/${i}/scan.png`, {} as ScannedImage]))
    const rows = Array.from({ length: count }, (_, i) => `${i}/scan.png,${i % 2}`)
    const tables = new Map([['l.csv', Buffer.from(`path,label\n${rows.join('\n')}`)]])
    const labelling = labelledTable({ images, tables } as Partial<Scan> as Scan)
    expect(labelling!.images.map(({ name }) => name)).toEqual([...images.keys()])
  })

  it('is refused where a path is the end of two names', async () => {
    const two = { 'a/1.png': 1, 'b/1.png': 2, 'ab/2.png': 3 }
    for (const path of ['1.png', '1', 'b/2.png'])
      await expect(listed({ ...two, 'l.csv': `path,label\na/1.png,x\n${path},y\n` })).rejects.toThrow(
        `Row 2 of l.csv names ${path}, which is not there`,
      )
  })

  it('keeps numbers as names, in the order of numbers, and explains those that do not begin with 0', async () => {
    const table = 'path,label\nimg/1.png,10\nimg/2.png,2\nimg/sub/3.png,1\n'
    const { classNames, remarks } = await readSource(folderOf({ ...images, 'l.csv': table }))
    expect(classNames).toEqual(['1', '2', '10'])
    expect(remarks).toEqual([
      'The labels run from 1 to 10, with gaps; the 3 classes keep these as names, and models count them from 0.',
    ])
  })

  it.each([
    ['an image that is not there', 'path,label\nimg/1.png,a\nimg/9.png,b\n', 'Row 2 of l.csv names img/9.png'],
    ['a path that leads out', 'path,label\nimg/1.png,a\n../../etc/passwd,b\n', 'not there'],
    ['an image twice', 'path,label\nimg/1.png,a\nimg/1.png,b\n', 'the labels a and b'],
    ['no label', 'path,label\nimg/1.png,a\nimg/2.png,\n', 'Row 2 of l.csv has no label'],
    ['an unknown split', 'path,label,split\nimg/1.png,a,later\n', 'the split "later"'],
  ])('is refused with %s', async (_, table, message) => {
    await expect(listed({ ...images, 'l.csv': table })).rejects.toThrow(message)
  })
})

describe('hostile data', () => {
  const specification = { id: 'own', source: 'file:x', sha256: 'a'.repeat(64), classes: 3, resolution: 8 }
  const prepare = (path: string) =>
    packDataset(
      { ...specification, trainImages: null, validationImages: null, testImages: null, splitSeed: 42 },
      path,
      join(emptyFolder(), 'images'),
    )

  it('names the image that is empty, or cut off, or no image', async () => {
    const many = classesOf(['rose', 'daisy', 'tulip'], 8)
    const png = pngOf(5)
    await expect(prepare(folderOf({ ...many, 'rose/x.jpg': '' }))).rejects.toThrow('rose/x.jpg is empty')
    await expect(prepare(folderOf({ ...many, 'rose/x.jpg': 'hello' }))).rejects.toThrow('rose/x.jpg has no image')
    await expect(prepare(folderOf({ ...many, 'rose/x.png': png.subarray(0, png.length - 20) }))).rejects.toThrow(
      'rose/x.png: An image is not a readable PNG',
    )
  })

  it.each([
    ['a name that leads out', { name: '../../rose/1.png' }],
    ['an absolute name', { name: '/etc/rose/1.png' }],
    ['a symbolic link', { name: 'rose/1.png', type: '2', link: '/etc/passwd' }],
    ['a hard link', { name: 'rose/1.png', type: '1', link: 'rose/0.png' }],
    ['a device', { name: 'rose/1.png', type: '3' }],
  ])('refuses an archive with %s', async (_, member) => {
    await expect(listed(archive('a.tar', tarOf([...bytesOf(flowers), member])))).rejects.toThrow(InvalidDataset)
  })

  it('refuses a named pipe, and does not wait for what comes out of it', async () => {
    const pipe = join(emptyFolder(), 'pipe')
    execFileSync('sh', ['-c', 'mkfifo "$0"', pipe])
    await expect(listed(pipe)).rejects.toThrow('neither a file nor a folder')
  })

  it('refuses an archive that is cut between two files', async () => {
    const whole = tarOf(bytesOf(flowers))
    await expect(listed(archive('a.tar', whole.subarray(0, 9 * 1024)))).rejects.toThrow('cut off behind a file')
    expect(whole).toHaveLength(9 * 1024 + 1024)
  })

  it('refuses what claims to unpack to gigabytes, before it does', async () => {
    const zeros = gzipSync(new Uint8Array(2 ** 26 + 1))
    const bomb = zipOf([{ name: 'rose/1.png', content: new Uint8Array(2 ** 24) }])
    await expect(listed(archive('a.zip', bomb))).rejects.toThrow('times its bytes')
    await expect(listed(archive('a.tar.gz', zeros))).rejects.toThrow(InvalidDataset)
    const huge = tarOf([{ name: 'rose/1.png', size: 10 * 2 ** 30 }])
    await expect(listed(archive('b.tar', huge))).rejects.toThrow(InvalidDataset)
  })
})
