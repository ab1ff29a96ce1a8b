import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { emptyFolder } from './server.fixture.ts'
import { paxName, tarOf } from './tar.fixture.ts'
import { readTarMember } from './tar.mjs'

async function read(archive: Uint8Array, member: string, limit?: number): Promise<Buffer> {
  const path = join(emptyFolder(), 'archive.tgz')
  writeFileSync(path, archive)
  const pieces: Buffer[] = []
  for await (const piece of readTarMember(path, member, limit)) pieces.push(piece)
  return Buffer.concat(pieces)
}

describe('a tar archive', () => {
  it('gives back any of its files, whatever their sizes', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.nat(3_000), { minLength: 1, maxLength: 5 }), async (sizes) => {
        const entries = sizes.map((size, i) => ({ name: `package/${i}`, content: Buffer.alloc(size, i + 1) }))
        const archive = tarOf(entries)
        for (const { name, content } of entries) expect(await read(archive, name)).toEqual(content)
      }),
      { numRuns: 20 },
    )
  })

  it('reads a file larger than one piece', async () => {
    const content = Buffer.from(Array.from({ length: 500_000 }, (_, i) => (i * 31) % 256))
    expect((await read(tarOf([{ name: 'other' }, { name: 'large', content }]), 'large')).equals(content)).toBe(true)
  })

  it('knows a long name from its extended header', async () => {
    const name = `package/${'deep/'.repeat(40)}file`
    expect(await read(tarOf([paxName(name), { name: 'short', content: Buffer.from('here') }]), name)).toEqual(
      Buffer.from('here'),
    )
  })

  const refused: [string, Buffer][] = [
    ['has no such file', tarOf([{ name: 'other' }])],
    ['has a link of that name', tarOf([{ name: 'wanted', type: '2' }])],
    ['has a name that leads out', tarOf([{ name: '../evil' }, { name: 'wanted' }])],
    [
      'is cut',
      tarOf([
        { name: 'wanted', content: Buffer.from(Array.from({ length: 9_000 }, (_, i) => (i * i) % 251)) },
      ]).subarray(0, 200),
    ],
    ['is no archive', Buffer.from('hello')],
  ]
  it.each(refused)('that %s is refused', async (_, archive) => {
    await expect(read(archive, 'wanted')).rejects.toMatchObject({ name: 'UnusableSource' })
  })

  it('gives no file larger than allowed', async () => {
    const archive = tarOf([{ name: 'wanted', content: Buffer.alloc(1_000) }])
    await expect(read(archive, 'wanted', 999)).rejects.toMatchObject({ name: 'UnusableSource' })
  })
})
