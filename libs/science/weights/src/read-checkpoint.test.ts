import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { CheckpointUnreadable } from './checkpoint-unreadable.ts'
import { parseCheckpoint, readCheckpoint } from './read-checkpoint.ts'
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

it.each([
  ['an empty file', ''],
  ['a web page', '<!doctype html><title>404</title>'],
  ['a pointer to a large file', 'version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n'],
])('refuses %s in one sentence', async (_, content) => {
  const path = join(folder, 'other')
  await writeFile(path, content)
  expect(() => readCheckpoint(path)).toThrow(
    'The checkpoint cannot be read: it is neither safetensors nor a file of torch.save; fetch it again, or save it from PyTorch as safetensors.',
  )
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
