import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Refused, refuse } from './refused.fixture.ts'
import { paxEntry, tarOf } from './tar.fixture.ts'
import { readTar, type TarFile, type TarLimits } from './tar.mjs'

const text = (value: string) => new TextEncoder().encode(value)
const generous: TarLimits = { members: 1000, memberBytes: 64 * 2 ** 20, totalBytes: 2 ** 30 }

/** The archive in chunks of `chunkSize`, as a stream would bring it. */
async function* inChunks(bytes: Uint8Array, chunkSize = 700) {
  for (let at = 0; at < bytes.length; at += chunkSize) yield bytes.subarray(at, at + chunkSize)
}

/** Names and contents of the files that `wanted` accepts. */
async function readAll(
  archive: Uint8Array,
  { wanted = () => true, limits = generous, chunkSize = 700, take = (file) => file.bytes() }: Options = {},
) {
  const files: [string, string][] = []
  for await (const file of readTar(inChunks(archive, chunkSize), { limits, refuse }))
    if (wanted(file.name)) files.push([file.name, Buffer.from(await take(file)).toString()])
  return files
}
interface Options {
  wanted?: (name: string) => boolean
  limits?: TarLimits
  chunkSize?: number
  take?: (file: TarFile) => Promise<Uint8Array>
}

async function joined({ pieces }: TarFile): Promise<Uint8Array> {
  const parts: Uint8Array[] = []
  for await (const piece of pieces()) parts.push(piece)
  return Buffer.concat(parts)
}

describe('reading a tar archive', () => {
  it.each([
    ['in one array', (file: TarFile) => file.bytes()],
    ['piece by piece', joined],
  ])('gives back what was packed, %s, however the stream is cut', async (_, take) => {
    const member = fc.record({
      name: fc.stringMatching(/^[a-z]{1,8}\/[a-z0-9]{1,8}\.png$/),
      content: fc.string({ maxLength: 1500 }),
    })
    const cases = fc.tuple(fc.array(member, { maxLength: 5 }), fc.integer({ min: 1, max: 2000 }))
    await fc.assert(
      fc.asyncProperty(cases, async ([members, chunkSize]) => {
        const archive = tarOf(members.map(({ name, content }) => ({ name, bytes: text(content) })))
        const expected = members.map(({ name, content }) => [name, Buffer.from(text(content)).toString()])
        expect(await readAll(archive, { chunkSize, take })).toEqual(expected)
      }),
      { numRuns: 30 },
    )
  })

  it('passes over folders, and over files that nobody takes', async () => {
    const archive = tarOf([
      { name: './', type: '5' },
      { name: 'a/', type: '5' },
      { name: './a/b', bytes: text('1') },
      { name: 'c', bytes: text('2') },
    ])
    expect(await readAll(archive, { wanted: (name) => name === 'a/b' })).toEqual([['a/b', '1']])
  })

  it('goes on with the next file when only the beginning of one was taken', async () => {
    const archive = tarOf([
      { name: 'large', bytes: new Uint8Array(5000) },
      { name: 'next', bytes: text('2') },
    ])
    const take = async (file: TarFile) => {
      if (file.name === 'next') return file.bytes()
      for await (const piece of file.pieces()) return piece
      return new Uint8Array()
    }
    expect((await readAll(archive, { take })).at(-1)).toEqual(['next', '2'])
  })

  it('gives the content of a file once', async () => {
    const archive = tarOf([{ name: 'a', bytes: text('1') }])
    const twice = async (file: TarFile) => (await file.bytes(), file.bytes())
    await expect(readAll(archive, { take: twice })).rejects.toThrow('take its content once')
  })

  it('is content with one block of zeros at the end', async () => {
    const archive = tarOf([{ name: 'a', bytes: text('1') }])
    expect(await readAll(archive.subarray(0, archive.length - 512))).toEqual([['a', '1']])
  })

  it('takes long names from pax records and from GNU headers', async () => {
    const long = `train/${'x'.repeat(200)}.png`
    const archive = tarOf([
      paxEntry({ mtime: '1700000000.25', path: long }),
      { name: 'short', bytes: text('1') },
      { name: '././@LongLink', type: 'L', bytes: text(`${long}\0`) },
      { name: 'short', bytes: text('2') },
      { name: 'short', bytes: text('3') },
    ])
    expect(await readAll(archive)).toEqual([
      [long, '1'],
      [long, '2'],
      ['short', '3'],
    ])
  })

  it('takes a size from a pax record, where npm writes it beside a long name', async () => {
    const archive = tarOf([
      paxEntry({ path: 'first', size: '5' }),
      { name: 'x', bytes: text('12345'), size: 0 },
      { name: 'second', bytes: text('6') },
    ])
    expect(await readAll(archive)).toEqual([
      ['first', '12345'],
      ['second', '6'],
    ])
  })

  it('passes over a global pax header, as git writes one', async () => {
    const archive = tarOf([
      { ...paxEntry({ comment: 'a commit', path: 'everywhere' }), type: 'g' },
      { name: 'a', bytes: text('1') },
    ])
    expect(await readAll(archive)).toEqual([['a', '1']])
  })
})

describe('a hostile or damaged tar archive is refused', () => {
  const file = { name: 'a', bytes: text('1') }
  const pax = (bytes: Uint8Array, size = bytes.length) => ({ name: 'pax', type: 'x', bytes, size })
  it.each([
    ['a symbolic link', tarOf([{ name: 'a', type: '2', link: '/etc/passwd' }]), 'is a link'],
    ['a hard link', tarOf([{ name: 'a', type: '1', link: 'b' }]), 'is a link'],
    ['a device', tarOf([{ name: 'a', type: '3' }]), 'of type "3"'],
    ['an absolute name', tarOf([{ ...file, name: '/etc/passwd' }]), 'leads out'],
    ['a name that climbs out', tarOf([{ ...file, name: 'train/../../x' }]), 'leads out'],
    ['a name with a backslash', tarOf([{ ...file, name: '..\\x' }]), 'leads out'],
    ['a name with a drive', tarOf([{ ...file, name: 'C:/x' }]), 'leads out'],
    ['a pax name that climbs out', tarOf([paxEntry({ path: '../x' }), file]), 'leads out'],
    ['a pax record longer than its header', tarOf([pax(text('99 path=x\n')), file]), 'malformed pax'],
    ['a pax record without a length', tarOf([pax(text('path')), file]), 'malformed pax'],
    ['a pax size that is no number', tarOf([paxEntry({ size: '-1' }), file]), 'malformed pax'],
    ['a pax size beyond the limit', tarOf([paxEntry({ size: '999999999' }), file]), 'more than 67108864'],
    ['a huge pax header', tarOf([pax(text('x'), 2 ** 30)]), 'more than 65536'],
    ['a member beyond the limit', tarOf([{ ...file, size: 2 ** 30 }]), 'more than 67108864'],
    ['a file cut short', tarOf([{ ...file, bytes: new Uint8Array(2000) }]).subarray(0, 1024), 'in the middle'],
    ['a header cut short', tarOf([file]).subarray(0, 500), 'in the middle'],
    ['an archive cut between files', tarOf([file, file]).subarray(0, 1024), 'cut off behind a file'],
    ['an archive without end', tarOf([file]).subarray(0, 1024), 'cut off behind a file'],
    ['no archive at all', new Uint8Array(0), 'cut off behind a file'],
    ['a damaged header', tarOf([file]).map((byte, i) => (i === 3 ? 1 : byte)), 'damaged'],
    ['something else', new Uint8Array(1024).fill(65), 'not a tar archive'],
  ])('%s', async (_, archive, message) => {
    await expect(readAll(archive)).rejects.toThrow(Refused)
    await expect(readAll(archive)).rejects.toThrow(message)
  })

  it('or read to its end, wherever a byte of it is damaged', async () => {
    const whole = tarOf([paxEntry({ path: 'long/name', size: '4' }), { name: 'a', bytes: text('1234') }, file])
    await fc.assert(
      fc.asyncProperty(fc.nat(whole.length - 1), fc.integer({ min: 1, max: 255 }), async (at, change) => {
        const damaged = whole.map((byte, i) => (i === at ? byte ^ change : byte))
        const outcome = await readAll(damaged).catch((error: Error) => error)
        if (outcome instanceof Error) expect(outcome).toBeInstanceOf(Refused)
        else expect(outcome.length).toBeLessThanOrEqual(2)
      }),
      { numRuns: 300 },
    )
  })

  it('more members or bytes than the limits allow, taken or not', async () => {
    const archive = tarOf([file, file, file])
    const wanted = () => false
    await expect(readAll(archive, { wanted, limits: { ...generous, members: 2 } })).rejects.toThrow('more than 2 memb')
    await expect(readAll(archive, { wanted, limits: { ...generous, totalBytes: 1500 } })).rejects.toThrow('1500 bytes')
  })
})
