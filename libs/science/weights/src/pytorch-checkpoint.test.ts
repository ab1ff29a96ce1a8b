import { describe, expect, it, test } from 'vitest'
import { CheckpointUnreadable } from './checkpoint-unreadable.ts'
import { asFloat32, type NamedArray } from './named-array.ts'
import { readPyTorchCheckpoint } from './pytorch-checkpoint.ts'
import { parseCheckpoint } from './read-checkpoint.ts'
import {
  assemble,
  call,
  dictionary,
  global,
  integer,
  legacyFile,
  storage,
  tensor,
  text,
  tuple,
  uint32,
  uint64,
  type PicklePart,
} from './testing/pickle-assembler.ts'
import { smallCheckpoint, smallCheckpoints } from './testing/small-checkpoints.ts'

const numbers = Array.from({ length: 24 }, (_, i) => i)

describe.each(smallCheckpoints)('%s', (name) => {
  const arrays = new Map(parseCheckpoint(smallCheckpoint(name)).map((array) => [array.name, array]))
  const valuesOf = (of: string) => [...asFloat32(arrays.get(of)!)]

  it('has the tensors of the state dictionary and nothing else', () => {
    expect(arrays.size).toBe(21)
    expect([...arrays.keys()]).toEqual(expect.arrayContaining(['bn.num_batches_tracked', 'tied.second', 'parameter']))
  })

  it('gives permuted tensors and windows row by row', () => {
    expect(arrays.get('permuted')!.shape).toEqual([4, 2, 3])
    expect(valuesOf('permuted')).toEqual(
      [0, 1, 2, 3].flatMap((k) => [0, 1].flatMap((i) => [0, 1, 2].map((j) => i * 12 + j * 4 + k))),
    )
    expect(arrays.get('window')!.shape).toEqual([2, 3])
    expect(valuesOf('window')).toEqual([8, 9, 10, 14, 15, 16])
  })

  it('gives tensors that share a storage the same numbers', () => {
    expect(valuesOf('tied.first')).toEqual(numbers)
    expect(valuesOf('tied.second')).toEqual(numbers)
  })

  it('reads shapes without axes and without elements', () => {
    expect(arrays.get('bn.num_batches_tracked')).toMatchObject({
      shape: [],
      dtype: 'int64',
      data: BigInt64Array.of(0n),
    })
    expect(arrays.get('empty')).toMatchObject({ shape: [0, 3], data: new Float32Array() })
    expect(valuesOf('parameter')).toEqual([1.5, -2.5])
  })

  test.each(['float64', 'float32', 'float16', 'bfloat16', 'int64', 'int32', 'int16', 'int8', 'uint8'])(
    'reads %s',
    (dtype) => {
      expect(arrays.get(`type.${dtype}`)!.dtype).toBe(dtype)
      expect(valuesOf(`type.${dtype}`)).toEqual([0, 1, 2, 100])
    },
  )

  it('reads bool', () => {
    expect(arrays.get('type.bool')).toMatchObject({ dtype: 'bool', data: Uint8Array.of(1, 0) })
  })
})

const four = { '0': 4 }

it('reads a file that is assembled as the refused ones below are', () => {
  const file = legacyFile(dictionary(['w', tensor(storage('0', 4n), 1n, [3n], [1n])]), four)
  expect(readPyTorchCheckpoint(file).arrays).toEqual<NamedArray[]>([
    { name: 'w', dtype: 'float32', shape: [3], data: new Float32Array(3) },
  ])
})

describe('refuses, without executing anything,', () => {
  test.each<[string, PicklePart]>([
    ['a shell command', call('os', 'system', text('touch /tmp/owned'))],
    ['a shell command by its other name', call('posix', 'system', text('touch /tmp/owned'))],
    ['a call hidden in a dictionary', dictionary(['w', call('builtins', 'eval', text('1'))])],
    ['an import by name on the stack', [text('subprocess'), text('run'), 0x93, tuple(), 'R']],
    ['an allowed function of another module', call('collections.abc', 'OrderedDict')],
    ['a name that only starts as an allowed one', call('torch._utils', '_rebuild_tensor_v2.__globals__')],
    ['a storage type called as a function', call('torch', 'FloatStorage', integer(4n))],
    ['a method of a dictionary', [dictionary(), tuple(), 'R']],
    ['a new object', [global('collections', 'OrderedDict'), ')', 0x81]],
    ['an instance', ['(ios\nsystem\n']],
    ['an extension code', [0x82, 1]],
    ['a reduced value whose arguments are no tuple', [global('collections', 'OrderedDict'), ']', 'R']],
    ['a persistent id that is not a storage', [tuple(text('module'), text('x')), 'Q']],
  ])('%s', (_, checkpoint) => {
    expectRefused(legacyFile(checkpoint, {}))
  })
})

describe('refuses', () => {
  const w = (of: PicklePart) => dictionary(['w', of])
  test.each<[string, Uint8Array, RegExp]>([
    [
      'a tensor that starts beyond its storage',
      legacyFile(w(tensor(storage('0', 4n), 5n, [0n], [1n])), four),
      /beyond its storage/,
    ],
    [
      'a tensor that ends beyond its storage',
      legacyFile(w(tensor(storage('0', 4n), 1n, [4n], [1n])), four),
      /beyond its storage/,
    ],
    [
      'strides that leave the storage',
      legacyFile(w(tensor(storage('0', 4n), 0n, [2n, 2n], [9n, 1n])), four),
      /beyond its storage/,
    ],
    ['negative strides', legacyFile(w(tensor(storage('0', 4n), 3n, [4n], [-1n])), four), /proper shape/],
    ['more axes than strides', legacyFile(w(tensor(storage('0', 4n), 0n, [2n, 2n], [1n])), four), /proper strides/],
    [
      'one number spread over terabytes',
      legacyFile(w(tensor(storage('0', 4n), 0n, [2n ** 40n], [0n])), four),
      /4 times the file/,
    ],
    [
      'a product of sizes beyond all numbers',
      legacyFile(w(tensor(storage('0', 4n), 0n, [2n ** 52n, 2n ** 52n], [0n, 0n])), four),
      /beyond its storage/,
    ],
    ['a storage larger than the file', legacyFile(w(tensor(storage('0', 2n ** 52n), 0n, [1n], [1n])), four), /size/],
    [
      'one storage of two sizes',
      legacyFile(dictionary(['a', storage('0', 4n)], ['b', storage('0', 5n)]), four),
      /two sizes/,
    ],
    ['a storage nobody listed', legacyFile(w(tensor(storage('1', 4n), 0n, [1n], [1n])), four), /list of storages/],
    [
      'bytes behind the last tensor',
      assemble([...legacyFile(w(tensor(storage('0', 4n), 0n, [4n], [1n])), four)], 0),
      /goes on/,
    ],
    ['a big-endian machine', legacyFile(dictionary(), {}, dictionary(['little_endian', 0x89])), /big-endian/],
    ['text longer than the file', legacyFile(['X', uint32(0xffffffff)]), /ends early/],
    ['text longer than any file', legacyFile([0x8d, uint64(2n ** 63n)]), /length of/],
    ['text that is not UTF-8', legacyFile(['X', uint32(1), 0xff]), /UTF-8/],
    ['a value recalled before it was remembered', legacyFile(['j', uint32(7)]), /recalls/],
    ['a value taken from below a mark', legacyFile(['}(', 'a']), /not there/],
    ['a list closed but not opened', legacyFile([']e']), /did not open/],
    ['a pickle that leaves two values', legacyFile(['NN']), /single value/],
    ['a newer protocol of pickles', legacyFile([0x80, 6, 'N']), /protocol/],
    [
      'an integer of 255 bytes as a size',
      legacyFile([
        '(',
        text('storage'),
        global('torch', 'FloatStorage'),
        text('0'),
        text('cpu'),
        0x8a,
        255,
        Array<PicklePart>(255).fill(127),
        'NtQ',
      ]),
      /not a storage/,
    ],
    [
      'a view whose signs are turned',
      legacyFile(
        w(
          call(
            'torch._utils',
            '_rebuild_tensor_v2',
            storage('0', 4n),
            integer(0n),
            tuple(integer(4n)),
            tuple(integer(1n)),
            0x89,
            '}',
            dictionary(['neg', 0x88]),
          ),
        ),
        four,
      ),
      /a view of conjugated complex numbers/,
    ],
    [
      'numbers of a type that is not read, by its name',
      legacyFile(w(tensor(storage('0', 4n, 'ComplexFloatStorage'), 0n, [4n], [1n])), four),
      /"torch\.ComplexFloatStorage", a type that is not read/,
    ],
    ['a whole model', legacyFile(['N']), /no state dictionary/],
    ['a state dictionary with something else in it', legacyFile(dictionary(['w', integer(1n)])), /not a tensor/],
  ])('%s', (_, file, reason) => {
    expectRefused(file, reason)
  })

  it('a million marks, before they fill the memory', () => {
    const upToCheckpoint = legacyFile([]).slice(0, -assemble('.', [0x80, 2, '](e.']).byteLength)
    const file = Uint8Array.from([...upToCheckpoint, ...new Uint8Array(1_100_000).fill('('.charCodeAt(0))])
    expectRefused(file, /opcodes/)
  })
})

it('stores the memo sparsely, so that a large index costs no memory', () => {
  const file = legacyFile([dictionary(), 'r', uint32(0xffffffff)], {})
  expect(readPyTorchCheckpoint(file).arrays).toEqual([])
})

function expectRefused(file: Uint8Array, reason = /./): void {
  const refused = expect.objectContaining({ name: 'CheckpointUnreadable', message: expect.stringMatching(reason) })
  expect(() => readPyTorchCheckpoint(file)).toThrow(CheckpointUnreadable)
  expect(() => readPyTorchCheckpoint(file)).toThrow(refused)
}
