import { readFileSync, writeFileSync } from 'node:fs'
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

const letters = 'abcdefgh'.split('').map((name) => ({ name, content: Buffer.from(name.repeat(100)) }))

it.each([
  ['members', { members: 3, bytes: 1e9 }],
  ['bytes', { members: 100, bytes: 60 }],
  ['both', { members: 3, bytes: 60 }],
])('writes what is too large for a classic archive as zip64: by %s', async (_, limits) => {
  const file = join(emptyFolder(), 'large.zip')
  await writeZip(file, letters, limits)
  expect(readFileSync(file).includes(Buffer.from('PK\x06\x06'))).toBe(true)
  const directory = withBytesOfFile(file, (source) => readZipDirectory(source, refuse), refuse)
  expect([...directory.keys()].join('')).toBe('abcdefgh')
  for (const { name, content } of letters) {
    const pieces: Buffer[] = []
    for await (const piece of readZipMember(file, directory.get(name)!, refuse)) pieces.push(piece)
    expect(Buffer.concat(pieces).equals(content)).toBe(true)
  }
})

it('of a zip64 archive that is damaged anywhere, no other bytes are read', async () => {
  const file = join(emptyFolder(), 'large.zip')
  await writeZip(file, letters, { members: 3, bytes: 60 })
  const whole = readFileSync(file)
  const directory = whole.indexOf(Buffer.from('PK\x01\x02'))
  for (let at = directory; at < whole.length; at++) {
    const damaged = Buffer.from(whole)
    damaged[at] = damaged[at]! ^ 0x55
    writeFileSync(file, damaged)
    const read = async () => {
      const members = withBytesOfFile(file, (source) => readZipDirectory(source, refuse), refuse)
      const contents: string[] = []
      for (const member of members.values())
        for await (const piece of readZipMember(file, member, refuse)) contents.push(piece.toString())
      return contents.join('')
    }
    const expected = letters.map(({ content }) => content.toString()).join('')
    const outcome = await read().catch((error: Error) => error)
    if (outcome instanceof Error) expect(outcome.constructor).toBe(Error)
    else expect(outcome).toBe(expected)
  }
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
