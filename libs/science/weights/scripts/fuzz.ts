/**
 * Reads damaged checkpoints for a while: `npm run fuzz --workspace @gauntlet/weights -- --seconds 60 [--seed 1]`. Every
 * file must be read, or refused with one sentence, quickly and in little memory. The first file for which this fails is
 * written to the working directory, and the run fails.
 */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { parseCheckpoint } from '../src/read-checkpoint.ts'
import { hostileArchives } from '../src/testing/hostile-archives.ts'
import { codeExecutingPickles, resourceExhaustingPickles } from '../src/testing/hostile-pickles.ts'
import { hostileSafetensors } from '../src/testing/hostile-safetensors.ts'

const { values } = parseArgs({
  options: { seconds: { type: 'string', default: '60' }, seed: { type: 'string', default: '1' } },
})
const testing = join(import.meta.dirname, '../src/testing')
const largest = 64 * 1024
const slowestAllowed = 5_000
const growthAllowed = 8

const honest = readdirSync(testing).filter((name) => /\.(pt|safetensors)$/.test(name))
const seeds = [
  ...honest.flatMap((name) => Array.from({ length: 20 }, () => new Uint8Array(readFileSync(join(testing, name))))),
  ...[...hostileArchives, ...codeExecutingPickles, ...resourceExhaustingPickles, ...hostileSafetensors].map(
    ([, bytes]) => new Uint8Array(bytes),
  ),
].filter(({ byteLength }) => byteLength > 0 && byteLength <= largest)

/** A random number generator (mulberry32). The same seed gives the same files. */
function generator(seed: number): (below: number) => number {
  let state = seed >>> 0
  return (below) => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32) * below)
  }
}

type Damage = (file: Uint8Array, random: (below: number) => number) => Uint8Array

const interesting = [0x00, 0x01, 0x7f, 0x80, 0xff, ...Buffer.from('}](.RbcQtXuseh0123456789{["')]

const damages: readonly Damage[] = [
  (file, random) => file.with(random(file.length), random(256)),
  (file, random) => file.with(random(file.length), interesting[random(interesting.length)]!),
  (file, random) => flipBit(file, random(file.length), random(8)),
  (file, random) => file.slice().fill(random(2) * 0xff, ...span(random(file.length), 1 << random(4))),
  (file, random) => file.slice(0, random(file.length)),
  (file, random) => without(file, random(file.length), 1 + random(16)),
  (file, random) => inserted(file, random(file.length), file.slice(...span(random(file.length), 1 + random(64)))),
  (file, random) => inserted(file, random(file.length), pieceOf(seeds[random(seeds.length)]!, random)),
  (file, random) => overwritten(file, random(file.length), pieceOf(seeds[random(seeds.length)]!, random)),
]

const span = (start: number, count: number): [number, number] => [start, start + count]
const flipBit = (file: Uint8Array, at: number, bit: number) => file.with(at, file[at]! ^ (1 << bit))
const without = (file: Uint8Array, at: number, count: number) =>
  Buffer.concat([file.subarray(0, at), file.subarray(at + count)])
const inserted = (file: Uint8Array, at: number, piece: Uint8Array) =>
  Buffer.concat([file.subarray(0, at), piece, file.subarray(at)])
const overwritten = (file: Uint8Array, at: number, piece: Uint8Array) =>
  Buffer.concat([file.subarray(0, at), piece, file.subarray(at + piece.length)])

function pieceOf(file: Uint8Array, random: (below: number) => number): Uint8Array {
  return file.slice(...span(random(file.length), 1 + random(48)))
}

function damagedFile(random: (below: number) => number): Uint8Array {
  let file = seeds[random(seeds.length)]!
  for (let left = 1 + random(4); left > 0 && file.length > 0; left--)
    file = new Uint8Array(damages[random(damages.length)]!(file, random))
  return file.subarray(0, 4 * largest)
}

/**
 * Why a file was refused, without names and numbers; undefined if it was read. Anything else that is thrown is passed
 * on.
 */
function refusalOf(file: Uint8Array): string | undefined {
  try {
    const size = parseCheckpoint(file).reduce((sum, { data }) => sum + data.byteLength, 0)
    // Tied tensors are views of the same bytes, so the arrays may have more bytes than the file, but not without a
    // limit.
    if (size > growthAllowed * file.length + 2 ** 20) throw new Error(`${file.length} bytes became ${size}`)
    return undefined
  } catch (error) {
    if (!(error instanceof Error) || error.name !== 'CheckpointUnreadable') throw error
    if (error.message.includes('\n') || error.message.length > 600)
      throw new Error(`not a short sentence: ${error.message.slice(0, 700)}`, { cause: error })
    return error.message
      .replace(/"(?:[^"\\]|\\.)*"/g, '…')
      .replace(/0x\w+|\d+/g, '#')
      .split(/[:;] /)[1]!
  }
}

function fuzz(seconds: number, seed: number): void {
  const reasons = new Map<string, number>()
  const before = process.resourceUsage().maxRSS
  const until = performance.now() + seconds * 1000
  let [count, read, slowest] = [0, 0, 0]
  for (; performance.now() < until; count++) {
    const file = damagedFile(generator(seed * 1_000_003 + count))
    const started = performance.now()
    try {
      const reason = refusalOf(file)
      if (reason === undefined) read++
      else reasons.set(reason, (reasons.get(reason) ?? 0) + 1)
    } catch (error) {
      writeFileSync('fuzz-failure.bin', file)
      throw error
    }
    slowest = Math.max(slowest, performance.now() - started)
    if (slowest > slowestAllowed) throw new Error(`file ${count} took ${slowest} ms`)
  }
  const mebibytes = (process.resourceUsage().maxRSS - before) / 1024
  console.log(
    `${count} files in ${seconds} s (seed ${seed}): ${read} read, ${count - read} refused for ${reasons.size} reasons;`,
  )
  console.log(`slowest ${slowest.toFixed(1)} ms, memory grew by ${mebibytes.toFixed(0)} MiB at most`)
  for (const [reason, times] of [...reasons].sort(([, a], [, b]) => b - a))
    console.log(`${String(times).padStart(9)}  ${reason}`)
}

fuzz(Number(values.seconds), Number(values.seed))
