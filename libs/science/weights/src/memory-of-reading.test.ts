import { ftruncateSync, mkdtempSync, openSync, rmSync, closeSync, writeSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { readCheckpoint } from './read-checkpoint.ts'
import { assemble, dictionary, legacyFile, storage, tensor } from './testing/pickle-assembler.ts'

const elements = 48 * 2 ** 20
const bytes = 4 * elements
const slack = 24 * 2 ** 20

let folder: string
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'gauntlet-memory-'))
})
afterAll(() => rmSync(folder, { recursive: true }))

/** A file that begins with `start` and continues with zeros, which take no disk space. */
function sparseFile(name: string, start: Uint8Array): string {
  const path = join(folder, name)
  const file = openSync(path, 'w')
  writeSync(file, start)
  ftruncateSync(file, start.byteLength + bytes)
  closeSync(file)
  return path
}

function largeSafetensors(): string {
  const half = bytes / 2
  const header = JSON.stringify({
    a: { dtype: 'F32', shape: [elements / 2], data_offsets: [0, half] },
    b: { dtype: 'F32', shape: [elements / 2], data_offsets: [half, bytes] },
  })
  const start = new Uint8Array(9 + header.length) // one more space, so that no tensor is aligned
  new DataView(start.buffer).setBigUint64(0, BigInt(header.length + 1), true)
  start.set(new TextEncoder().encode(`${header} `), 8)
  return sparseFile('large.safetensors', start)
}

/** A legacy file with one storage, of which `start` contains only the number of elements. */
function largeLegacy(): string {
  const whole = legacyFile(dictionary(['a', tensor(storage('0', BigInt(elements)), 0n, [BigInt(elements)], [1n])]), {
    '0': 0,
  })
  const count = new Uint8Array(new BigUint64Array([BigInt(elements)]).buffer)
  return sparseFile('large.pt', assemble(...whole.subarray(0, -8), ...count))
}

it.each([
  ['safetensors', largeSafetensors],
  ['a legacy checkpoint', largeLegacy],
])('%s is read in as much memory as its tensors have', (_, make) => {
  const path = make()
  const before = process.memoryUsage().arrayBuffers
  const arrays = readCheckpoint(path)
  expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(bytes + slack)
  expect(arrays.reduce((sum, { data }) => sum + data.length, 0)).toBe(elements)
})
