import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { withBytesOfFile } from './byte-source.mjs'
import { emptyFolder } from './empty-folder.fixture.ts'
import { writeZip, type ZipSource } from './write-zip.ts'
import { readZipDirectory, readZipMember } from './zip.mjs'

const refuse = (wrong: string): never => {
  throw new Error(wrong)
}

async function* slowly(text: string) {
  for (const character of text) yield Buffer.from(character)
}

it('writes what the reader reads, the same bytes each time', async () => {
  const members = (): ZipSource[] => [
    { name: 'é/first.txt', content: slowly('a b c') },
    { name: 'second', content: Buffer.alloc(100_000, 'x') },
    { name: 'dense', content: Buffer.from([1, 2, 3]), stored: true },
    { name: 'empty', content: Buffer.alloc(0) },
  ]
  const folder = emptyFolder()
  const [file, again] = [join(folder, 'a.zip'), join(folder, 'b.zip')]
  await writeZip(file, members())
  await writeZip(again, members())
  expect(readFileSync(file).equals(readFileSync(again))).toBe(true)
  const directory = withBytesOfFile(file, (source) => readZipDirectory(source, refuse), refuse)
  const read = async (name: string) => {
    const pieces: Buffer[] = []
    for await (const piece of readZipMember(file, directory.get(name)!, refuse)) pieces.push(piece)
    return Buffer.concat(pieces)
  }
  expect([...directory.keys()]).toEqual(['é/first.txt', 'second', 'dense', 'empty'])
  expect((await read('é/first.txt')).toString()).toBe('a b c')
  expect((await read('second')).equals(Buffer.alloc(100_000, 'x'))).toBe(true)
  expect([...(await read('dense'))]).toEqual([1, 2, 3])
  expect(await read('empty')).toHaveLength(0)
})

it('leaves no file behind when a member fails', async () => {
  const file = join(emptyFolder(), 'c.zip')
  async function* failing(): AsyncGenerator<Uint8Array> {
    yield Buffer.from('begin')
    throw new Error('no more')
  }
  await expect(writeZip(file, [{ name: 'a', content: failing() }])).rejects.toThrow('no more')
  expect(() => readFileSync(file)).toThrow('ENOENT')
})
