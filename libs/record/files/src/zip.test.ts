import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { withBytesOfFile } from './byte-source.mjs'
import { emptyFolder } from './empty-folder.fixture.ts'
import { Refused, refuse } from './refused.fixture.ts'
import { zipOf, type FixtureMember } from './zip.fixture.ts'
import { readZipDirectory, readZipMember } from './zip.mjs'

const text = Buffer.from('weights '.repeat(1_000))

async function readAll(bytes: Uint8Array): Promise<Record<string, string>> {
  const path = join(emptyFolder(), 'archive.zip')
  writeFileSync(path, bytes)
  const members = withBytesOfFile(path, (source) => readZipDirectory(source, refuse), refuse)
  const contents: Record<string, string> = {}
  for (const member of members.values()) {
    const pieces: Buffer[] = []
    for await (const piece of readZipMember(path, member, refuse)) pieces.push(piece)
    contents[member.name] = Buffer.concat(pieces).toString('latin1')
  }
  return contents
}

describe('a zip archive', () => {
  it('gives back what was put in, stored or deflated, empty or not', async () => {
    const member = fc.record({ content: fc.uint8Array({ maxLength: 5_000 }), stored: fc.boolean() })
    await fc.assert(
      fc.asyncProperty(fc.array(member, { minLength: 1, maxLength: 4 }), async (drawn) => {
        const members = drawn.map((file, i) => ({ ...file, name: `folder/${i}.bin` }))
        const expected = members.map(({ name, content }) => [name, Buffer.from(content).toString('latin1')])
        expect(await readAll(zipOf(members))).toEqual(Object.fromEntries(expected))
      }),
      { numRuns: 25 },
    )
  })

  it('that is damaged anywhere gives no other bytes, only the same or one kind of error', async () => {
    const whole = zipOf([{ name: 'a', content: text }])
    await fc.assert(
      fc.asyncProperty(fc.nat(whole.length - 1), fc.integer({ min: 1, max: 255 }), async (at, change) => {
        const damaged = Buffer.from(whole)
        damaged[at] = Number(damaged[at]) ^ change
        const outcome = await readAll(damaged).catch((error: Error) => error)
        if (outcome instanceof Error) expect(outcome).toBeInstanceOf(Refused)
        else for (const content of Object.values(outcome)) expect(content).toBe(text.toString('latin1'))
      }),
      { numRuns: 150 },
    )
  })

  it('says where the content of a stored file begins, so that a part of it can be read', () => {
    const archive = zipOf([
      { name: 'folder/', content: Buffer.alloc(0), stored: true },
      { name: 'folder/a', content: text, stored: true },
    ])
    const source = { size: archive.length, read: (at: number, length: number) => archive.subarray(at, at + length) }
    const members = readZipDirectory(source, refuse)
    expect([...members.keys()]).toEqual(['folder/a'])
    const { method, start, size } = members.get('folder/a')!
    expect([method, archive.subarray(start, start + size).equals(text)]).toEqual([0, true])
  })

  it('may have a comment at its end', async () => {
    const archive = zipOf([{ name: 'a', content: text }])
    archive.writeUInt16LE(5, archive.length - 2)
    expect(Object.keys(await readAll(Buffer.concat([archive, Buffer.from('hello')])))).toEqual(['a'])
  })

  const attacks: [string, Partial<FixtureMember>, string][] = [
    ['a name that leads out', { name: '../evil' }, 'leads out'],
    ['a name that leads out from inside', { name: 'a/../../evil' }, 'leads out'],
    ['an absolute name', { name: '/etc/passwd' }, 'leads out'],
    ['a Windows path', { name: 'a\\..\\evil' }, 'leads out'],
    ['a drive', { name: 'C:/evil' }, 'leads out'],
    ['a name that ends early', { name: 'a\0.txt' }, 'leads out'],
    ['two names for one file', { localName: 'b' }, 'another name'],
    ['encryption', { flags: 1 }, 'encrypted'],
    ['a symbolic link', { mode: 0o120777 }, 'link'],
    ['an unknown method', { method: 12 }, 'method 12'],
    ['more bytes than it announces', { size: 10 }, 'longer than announced'],
    ['fewer bytes than it announces', { size: 9_000 }, 'damaged'],
    ['two sizes of a stored file', { stored: true, size: 9_000 }, 'damaged'],
    ['a wrong checksum', { crc: 1 }, 'damaged'],
    ['sizes of zip64 that it lacks', { size: 0xffffffff }, 'damaged'],
    ['content over the directory', { compressedSize: 9_000 }, 'over something else'],
    ['a place beyond the end', { offset: 0xfffffff0 }, 'ends early'],
    ['a bomb', { content: Buffer.alloc(20 * 2 ** 20) }, 'claims to unpack'],
  ]
  it.each(attacks)('with %s is refused', async (_, wrong, message) => {
    const archive = zipOf([{ name: 'a', content: text, ...wrong }])
    await expect(readAll(archive)).rejects.toThrow(Refused)
    await expect(readAll(archive)).rejects.toThrow(message)
  })

  it('with two members of one name is refused', async () => {
    await expect(readAll(zipOf([1, 2].map(() => ({ name: 'a', content: text }))))).rejects.toThrow('"a" twice')
  })

  it('with two members on the same bytes is refused', async () => {
    const [first, second] = [
      { name: 'a', content: text },
      { name: 'b', content: text, localName: 'a', offset: 0 },
    ]
    await expect(readAll(zipOf([first, second]))).rejects.toThrow(/another name|over something else/)
    await expect(readAll(zipOf([first, { ...second, name: 'a' }]))).rejects.toThrow('over something else')
  })

  it('with a wrong directory is refused', async () => {
    const member = { name: 'a', content: text }
    await expect(readAll(zipOf([member], { count: 2 }))).rejects.toThrow('damaged')
    await expect(readAll(zipOf([member], { count: 0xffff }))).rejects.toThrow('zip64 directory has no end')
    await expect(readAll(zipOf([member], { offset: 0xfffffff0 }))).rejects.toThrow('beyond its end')
    await expect(readAll(zipOf([member], { offset: 4 }))).rejects.toThrow('damaged')
  })

  it('that is something else, or cut, is refused', async () => {
    const cut = zipOf([{ name: 'a', content: text }]).subarray(0, 50)
    for (const bytes of [Buffer.alloc(0), text, cut]) await expect(readAll(bytes)).rejects.toThrow('has no end')
  })
})
