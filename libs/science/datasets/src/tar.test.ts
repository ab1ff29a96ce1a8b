import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { InvalidDataset } from './invalid-dataset.ts'
import { tarOf } from './tar-bytes.case.ts'
import { archiveLimits, readTar, type ArchiveLimits } from './tar.ts'

const text = (value: string) => new TextEncoder().encode(value)

/** A pax record: its own length in decimal, a space, `key=value` and a line feed. */
function paxRecord(key: string, value: string, length = 0): string {
  const record = `${length} ${key}=${value}\n`
  return record.length === length ? record : paxRecord(key, value, record.length)
}

/** The archive as a stream of chunks. */
async function* inChunks(bytes: Uint8Array, chunkSize = 700) {
  for (let at = 0; at < bytes.length; at += chunkSize) yield bytes.subarray(at, at + chunkSize)
}

async function read(
  archive: Uint8Array,
  { wanted = () => true, limits = archiveLimits, chunkSize = 700 } = {} as Options,
) {
  const members = []
  for await (const { name, bytes } of readTar(inChunks(archive, chunkSize), wanted, limits))
    members.push([name, Buffer.from(bytes).toString()])
  return members
}
interface Options {
  wanted?: (name: string) => boolean
  limits?: ArchiveLimits
  chunkSize?: number
}

describe('reading a tar archive', () => {
  it('gives what was packed, however the stream is cut', async () => {
    const member = fc.record({
      name: fc.stringMatching(/^[a-z]{1,8}\/[a-z0-9]{1,8}\.png$/),
      content: fc.string({ maxLength: 1500 }),
    })
    await fc.assert(
      fc.asyncProperty(
        fc.array(member, { maxLength: 5 }),
        fc.integer({ min: 1, max: 2000 }),
        async (members, chunkSize) => {
          const archive = tarOf(members.map(({ name, content }) => ({ name, bytes: text(content) })))
          const expected = members.map(({ name, content }) => [name, Buffer.from(text(content)).toString()])
          expect(await read(archive, { chunkSize })).toEqual(expected)
        },
      ),
      { numRuns: 40 },
    )
  })

  it('gives only what is wanted, and skips folders', async () => {
    const archive = tarOf([
      { name: 'a/', type: '5' },
      { name: './a/b', bytes: text('1') },
      { name: 'c', bytes: text('2') },
    ])
    expect(await read(archive, { wanted: (name) => name === 'a/b' })).toEqual([['a/b', '1']])
  })

  it('takes long names from pax records and from GNU headers', async () => {
    const long = `train/${'x'.repeat(200)}.png`
    const archive = tarOf([
      { name: 'pax', type: 'x', bytes: text(paxRecord('mtime', '1700000000.25') + paxRecord('path', long)) },
      { name: 'short', bytes: text('1') },
      { name: '././@LongLink', type: 'L', bytes: text(`${long}\0`) },
      { name: 'short', bytes: text('2') },
      { name: 'short', bytes: text('3') },
    ])
    expect(await read(archive)).toEqual([
      [long, '1'],
      [long, '2'],
      ['short', '3'],
    ])
  })
})

describe('a hostile or damaged tar archive is refused', () => {
  const file = { name: 'a', bytes: text('1') }
  const pax = (key: string, value: string) => ({ name: 'pax', type: 'x', bytes: text(paxRecord(key, value)) })
  it.each([
    ['a symbolic link', tarOf([{ name: 'a', type: '2', link: '/etc/passwd' }]), 'a link'],
    ['a hard link', tarOf([{ name: 'a', type: '1', link: 'b' }]), 'a link'],
    ['a device', tarOf([{ name: 'a', type: '3' }]), 'of type "3"'],
    ['an absolute name', tarOf([{ ...file, name: '/etc/passwd' }]), 'out of its folder'],
    ['a name that leads out', tarOf([{ ...file, name: 'train/../../x' }]), 'out of its folder'],
    ['a name with a backslash', tarOf([{ ...file, name: '..\\x' }]), 'out of its folder'],
    ['a pax name that leads out', tarOf([pax('path', '../x'), file]), 'out of its folder'],
    [
      'a pax record longer than its header',
      tarOf([{ name: 'pax', type: 'x', bytes: text('99 path=x\n') }, file]),
      'malformed pax',
    ],
    ['a pax record without a length', tarOf([{ name: 'pax', type: 'x', bytes: text('path') }, file]), 'malformed pax'],
    ['a huge pax header', tarOf([{ name: 'pax', type: 'x', bytes: text('x'), size: 2 ** 30 }]), 'more than 65536'],
    ['a member beyond the limit', tarOf([{ ...file, size: 2 ** 30 }]), 'more than 67108864'],
    ['a file cut short', tarOf([{ ...file, bytes: text('x'.repeat(2000)) }]).subarray(0, 1024), 'in the middle'],
    ['a damaged header', tarOf([file]).map((byte, i) => (i === 3 ? 1 : byte)), 'damaged'],
    ['something else', new Uint8Array(1024).fill(65), 'damaged'],
  ])('%s', async (_, archive, message) => {
    await expect(read(archive)).rejects.toThrow(InvalidDataset)
    await expect(read(archive)).rejects.toThrow(message)
  })

  it('more members or bytes than the limits allow', async () => {
    const archive = tarOf([file, file, file])
    await expect(read(archive, { limits: { ...archiveLimits, members: 2 } })).rejects.toThrow('more than 2 files')
    await expect(
      read(archive, { wanted: () => false, limits: { ...archiveLimits, totalBytes: 1500 } }),
    ).rejects.toThrow('more than 1500 bytes')
  })
})
