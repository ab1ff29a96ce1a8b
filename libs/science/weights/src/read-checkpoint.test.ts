import { mkdtemp, rm, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { CheckpointUnreadable } from './checkpoint-unreadable.ts'
import { openCheckpoint, parseCheckpoint, readCheckpoint } from './read-checkpoint.ts'
import { writeSafetensors } from './safetensors.ts'
import { smallCheckpoint, smallCheckpoints } from './testing/small-checkpoints.ts'

let folder: string

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'gauntlet-checkpoint-'))
})
afterAll(() => rm(folder, { recursive: true }))

it.each(smallCheckpoints)('reads %s from disk as from memory', async (name) => {
  const path = join(folder, name)
  await writeFile(path, smallCheckpoint(name))
  expect(readCheckpoint(path)).toEqual(parseCheckpoint(smallCheckpoint(name)))
})

const retry = 'fetch it again, or save it from PyTorch as safetensors'

it.each([
  ['an empty file', '', `it is empty; ${retry}`],
  ['text', 'weights of the model', `it is neither safetensors nor a file of torch.save; ${retry}`],
  [
    'a web page',
    ' <!DOCTYPE html><title>404</title>',
    'a web page, such as a login or a page about the file; download',
  ],
  ['a web page without a type', '<html><body>Sign in</body></html>', 'it is a web page'],
  ['an error of a bucket', '<?xml version="1.0"?><Error><Code>AccessDenied</Code></Error>', 'it is a web page'],
  ['a pointer to a large file', 'version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n', 'git lfs pull'],
  ['an answer of an API', '{"error":"Repository not found"}', 'it is JSON; give the file with the weights'],
  ['an index', '{"metadata":{"total_size":1},"weight_map":{"a":"b"}}', 'the index of a checkpoint in several files'],
  ['a file of Keras', '\x89HDF\r\n\x1a\n', 'it is an HDF5 file'],
  ['a compressed file', '\x1f\x8b\x08\x00\x00\x00\x00\x00\x00', 'it is compressed; decompress it first'],
])('refuses %s in one sentence', async (_, content, sentence) => {
  const path = join(folder, 'other')
  await writeFile(path, Buffer.from(content, 'latin1'))
  expect(() => readCheckpoint(path)).toThrow(CheckpointUnreadable)
  expect(() => readCheckpoint(path)).toThrow(sentence)
})

it('names the limit where a file is too large, and reads none of it', async () => {
  const path = join(folder, 'large.safetensors')
  await writeFile(path, '')
  await truncate(path, 17 * 2 ** 30) // without blocks on the disk
  expect(() => readCheckpoint(path)).toThrow('it has 17.0 GiB, and at most 16 GiB are read; give a smaller file')
  await rm(path)
})

it('gives shared tensors all the names that the metadata give them', async () => {
  const weight = { name: 'b', dtype: 'float32', shape: [2], data: Float32Array.of(1, 2) } as const
  const path = join(folder, 'shared.safetensors')
  await writeFile(path, writeSafetensors([weight], { format: 'pt', a: 'b', c: 'b', d: 'elsewhere' }))
  const { arrays, notes } = openCheckpoint(path)
  expect(arrays.map(({ name }) => name)).toEqual(['b', 'a', 'c'])
  expect(arrays.every(({ data }) => data === arrays[0]!.data)).toBe(true)
  expect(notes).toEqual(["2 shared tensors have the names again that the file's metadata give them"])
})

/** Random damage, as by an attacker who does not know the format. */
const mutations = fc.array(
  fc.oneof(
    fc.record({ kind: fc.constant('set' as const), at: fc.nat(), value: fc.nat(255) }),
    fc.record({ kind: fc.constant('largest' as const), at: fc.nat(), count: fc.constantFrom(2, 4, 8) }),
    fc.record({ kind: fc.constant('cut' as const), at: fc.nat() }),
    fc.record({ kind: fc.constant('remove' as const), at: fc.nat(), count: fc.nat(16) }),
    fc.record({ kind: fc.constant('repeat' as const), at: fc.nat(), count: fc.nat(64) }),
  ),
  { minLength: 1, maxLength: 4 },
)
type Mutation = typeof mutations extends fc.Arbitrary<(infer Each)[]> ? Each : never

function mutate(file: Uint8Array, mutation: Mutation): Uint8Array {
  if (file.byteLength === 0) return file
  const at = mutation.at % file.byteLength
  const [before, after] = [file.slice(0, at), file.slice(at)]
  switch (mutation.kind) {
    case 'set':
      return file.with(at, mutation.value)
    case 'largest':
      return file.slice().fill(0xff, at, at + mutation.count)
    case 'cut':
      return before
    case 'remove':
      return Uint8Array.from([...before, ...after.slice(mutation.count)])
    case 'repeat':
      return Uint8Array.from([...before, ...after.slice(0, mutation.count), ...after])
  }
}

describe.each(smallCheckpoints)('%s', (name) => {
  const file = smallCheckpoint(name)
  const size = parseCheckpoint(file).reduce((sum, { data }) => sum + data.byteLength, 0)

  it('damaged in thousands of ways is read or refused, and nothing else happens', () => {
    fc.assert(
      fc.property(mutations, (each) => {
        const damaged = each.reduce(mutate, file)
        const read = outcomeOf(damaged)
        expect(read).toBeLessThanOrEqual(8 * (damaged.byteLength + size))
      }),
      { numRuns: 3000 },
    )
  })

  it('cut at any byte is refused', () => {
    for (let length = 0; length < file.byteLength; length++) {
      expect(() => parseCheckpoint(file.subarray(0, length)), `${length} bytes`).toThrow(CheckpointUnreadable)
    }
  })
})

/** The bytes of the tensors that were read, or 0 if the file is refused. Anything else that is thrown is passed on. */
function outcomeOf(file: Uint8Array): number {
  try {
    return parseCheckpoint(file).reduce((sum, { data }) => sum + data.byteLength, 0)
  } catch (error) {
    if (error instanceof CheckpointUnreadable) return 0
    throw error
  }
}
