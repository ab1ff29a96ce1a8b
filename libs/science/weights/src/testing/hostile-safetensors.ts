import type { HostileFile } from './hostile-pickles.ts'
import { entry, fileOf } from './safetensors-assembler.ts'

const nested = '['.repeat(900_000) + ']'.repeat(900_000)
const twice = '"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}'

/** Headers that are wrong, overflow, or are expensive to read. */
export const hostileSafetensors: readonly HostileFile[] = [
  ['a header longer than the file', fileOf({}, 0, 1000n), /ends early/],
  ['a header of 2⁶⁴ − 1 bytes', fileOf({}, 0, 2n ** 64n - 1n), /length of/],
  ['a header of 2⁶³ bytes, negative to some', fileOf({}, 0, 2n ** 63n), /length of/],
  ['a header of gigabytes', fileOf({}, 0, 2n ** 31n), /header is said to have/],
  ['a header that is cut', fileOf('{"w":'), /not JSON/],
  ['a header nested a million deep and open', fileOf('{"w":' + '['.repeat(1_000_000)), /not JSON/],
  ['a header nested a million deep and closed', fileOf(`{"w":${nested}}`), /not an object/],
  [
    'a type nested a million deep',
    fileOf(`{"w":{"dtype":${nested},"shape":[1],"data_offsets":[0,4]}}`, 4),
    /has no type/,
  ],
  [
    'a shape nested a million deep',
    fileOf(`{"w":{"dtype":"F32","shape":${nested},"data_offsets":[0,4]}}`, 4),
    /proper shape/,
  ],
  ['600,000 empty objects', fileOf(`{"w":[${'{},'.repeat(600_000)}{}]}`), /not an object/],
  [
    'a hundred and fifty thousand names',
    fileOf(`{${Array.from({ length: 150_000 }, (_, i) => `"${i}":{}`).join()}}`),
    /no type/,
  ],
  ['a name of almost two megabytes', fileOf({ ['n'.repeat(1_900_000)]: entry([2], 0, 4) }, 4), /^.{0,400}$/],
  ['a shape of 900,000 axes', fileOf({ w: entry(Array<number>(900_000).fill(1), 0, 4) }, 4), /proper shape/],
  ['text that is not UTF-8', fileOf({}).fill(0xff, 9, 10), /UTF-8/],
  ['a negative size', fileOf({ w: entry([-1], 0, 4) }, 4), /proper shape/],
  ['a negative offset', fileOf({ w: entry([1], -4, 0) }, 4), /proper shape/],
  ['a size that is text', fileOf({ w: entry(['1'], 0, 4) }, 4), /proper shape/],
  [
    'a size beyond all numbers',
    fileOf('{"w":{"dtype":"F32","shape":[1e999],"data_offsets":[0,4]}}', 4),
    /proper shape/,
  ],
  ['sizes whose product overflows', fileOf({ w: entry([2 ** 40, 2 ** 40], 0, 4) }, 4), /bytes for float32/],
  [
    'sizes whose product wraps to the right one',
    fileOf({ w: entry([2 ** 32, 2 ** 32, 0], 0, 4) }, 4),
    /bytes for float32/,
  ],
  ['another type than its bytes', fileOf({ w: entry([2], 0, 4, 'F64') }, 4), /4 bytes for float64/],
  ['a type nobody knows', fileOf({ w: entry([1], 0, 4, 'F8_E4M3') }, 4), /unknown type/],
  ['a type every object has', fileOf({ w: entry([1], 0, 4, '__proto__') }, 4), /unknown type/],
  ['offsets in the wrong order', fileOf({ w: entry([1], 4, 0) }, 4), /bytes for float32/],
  ['offsets beyond the file', fileOf({ w: entry([1], 0, 4) }, 3), /the file has 3/],
  ['tensors that overlap', fileOf({ a: entry([2], 0, 8), b: entry([1], 4, 8) }, 8), /where byte 8 is next/],
  ['a hole', fileOf({ a: entry([1], 0, 4), b: entry([1], 8, 12) }, 12), /where byte 4 is next/],
  ['bytes behind the last tensor', fileOf({ a: entry([1], 0, 4) }, 5), /the file has 5/],
  ['a name given twice with the same bytes', fileOf(`{${twice},${twice}}`, 4), /a name twice/],
  ['a name given twice, once escaped', fileOf(`{${twice},${twice.replace('"a"', '"\\u0061"')}}`, 4), /a name twice/],
  ['metadata that is not text', fileOf({ __metadata__: { epoch: 3 } }), /more than text/],
  ['nothing', new Uint8Array(0), /empty/],
  ['eight bytes', new Uint8Array(8), /neither/],
  ['a page about an error', Buffer.from('<!doctype html><title>404</title>'), /web page/],
  [
    'a pointer to a large file',
    Buffer.from('version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n'),
    /Git LFS/,
  ],
]
