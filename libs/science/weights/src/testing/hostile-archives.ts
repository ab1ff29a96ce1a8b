import { zipOf, type FixtureMember } from '@gauntlet/files/fixtures/zip'
import type { HostileFile } from './hostile-pickles.ts'
import { assemble, dictionary, global, storage, tensor, text, tuple, type PicklePart } from './pickle-assembler.ts'

/** An archive as `torch.save` makes it. A size that the directory has wrong is wrong for the compressed bytes too. */
const assembleZip = (members: readonly FixtureMember[], end?: Parameters<typeof zipOf>[1]) =>
  zipOf(
    members.map((member) => ({ stored: true, compressedSize: member.size ?? member.content.byteLength, ...member })),
    end,
  )
const pickle = (value: PicklePart) => assemble([0x80, 2, value, '.'])
const honest = pickle(dictionary(['w', tensor(storage('0', 4n), 0n, [4n], [1n])]))
const pickled: FixtureMember = { name: 'archive/data.pkl', content: honest }
const numbers: FixtureMember = { name: 'archive/data/0', content: new Uint8Array(16) }
const whole = assembleZip([pickled, numbers])

/** Archives whose directory is wrong, and archives with other contents. */
export const hostileArchives: readonly HostileFile[] = [
  [
    'an archive with a command',
    assembleZip([{ ...pickled, content: pickle([global('os', 'system'), tuple(text('x')), 'R']) }]),
    /"os\.system"/,
  ],
  ['a bomb: compressed files', assembleZip([{ ...pickled, method: 8 }, numbers]), /is compressed/],
  ['encrypted files', assembleZip([{ ...pickled, flags: 1 }, numbers]), /is encrypted/],
  [
    'a bomb: two files on the same bytes',
    assembleZip([
      pickled,
      numbers,
      {
        ...numbers,
        name: 'archive/data/1',
        offset: 30 + pickled.name.length + honest.byteLength,
        localName: numbers.name,
      },
    ]),
    /another name|over something/,
  ],
  ['a file over the next', assembleZip([{ ...pickled, size: honest.byteLength + 40 }, numbers]), /over something else/],
  ['a file over the directory', assembleZip([pickled, { ...numbers, size: 60 }]), /over something else/],
  ['a file named twice', assembleZip([pickled, numbers, numbers]), /twice/],
  ['a name that leads out', assembleZip([pickled, numbers, { ...numbers, name: '../../etc/cron.d/x' }]), /leads out/],
  ['a pickle whose name leads out', assembleZip([{ ...pickled, name: '../data.pkl' }]), /leads out/],
  ['an absolute name', assembleZip([pickled, numbers, { ...numbers, name: '/etc/passwd' }]), /leads out/],
  ['a name of Windows that leads out', assembleZip([pickled, numbers, { ...numbers, name: '..\\x' }]), /leads out/],
  [
    'a name that ends early',
    assembleZip([pickled, numbers, { ...numbers, name: 'archive/data/1\0.txt' }]),
    /leads out/,
  ],
  ['two names for one file', assembleZip([{ ...pickled, localName: 'archive/data.txt' }, numbers]), /another name/],
  ['two pickles', assembleZip([pickled, numbers, { ...pickled, name: 'other/data.pkl' }]), /several data\.pkl/],
  ['no pickle', assembleZip([numbers]), /without data\.pkl/],
  ['no numbers', assembleZip([pickled]), /lacks the storage/],
  ['numbers of another type', assembleZip([pickled, { ...numbers, content: new Uint8Array(8) }]), /not of the size/],
  ['sizes beyond the file', assembleZip([pickled, { ...numbers, size: 0x7fffffff }]), /over something else/],
  ['a place beyond the file', assembleZip([{ ...pickled, offset: 0xfffffff0 }, numbers]), /ends early/],
  ['sizes that differ', assembleZip([{ ...pickled, compressedSize: 1 }, numbers]), /damaged/],
  ['more files than there are', assembleZip([pickled, numbers], { count: 3 }), /damaged|ends early/],
  ['a directory beyond the file', assembleZip([pickled, numbers], { offset: 0xfffffff0 }), /beyond its end/],
  ['a directory that is another part', assembleZip([pickled, numbers], { offset: 4 }), /damaged/],
  ['zip64', assembleZip([pickled, numbers], { count: 0xffff }), /zip64/],
  [
    'numbers that are not those that were written',
    assembleZip([pickled, { ...numbers, crc: 1 }]),
    /"archive\/data\/0" is damaged/,
  ],
  ['a pickle that is not the one that was written', assembleZip([{ ...pickled, crc: 1 }, numbers]), /is damaged/],
  ['more files than any checkpoint has', assembleZip(Array<FixtureMember>(50_001).fill(numbers)), /50001 files/],
  ['no end', whole.subarray(0, -22), /no end/],
  ['an end in the middle', whole.subarray(0, -1), /no end/],
  [
    'another byte order',
    assembleZip([pickled, numbers, { name: 'archive/byteorder', content: new TextEncoder().encode('big') }]),
    /big-endian/,
  ],
]
