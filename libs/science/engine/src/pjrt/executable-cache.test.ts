import { useCpuPlugin } from '../cpu-plugin.fixture.ts'
import type { Digest } from '@gauntlet/study'
import { mkdtempSync, readdirSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { ProgramBuilder } from '../programs/program-builder.ts'
import { tf } from '../tf.ts'
import { executableCache } from './executable-cache.ts'
import { pjrtAddition } from './pjrt-addition.ts'
import { PjrtDevice, pjrtDevice } from './pjrt-device.ts'

useCpuPlugin()

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'gauntlet-executables-'))
})
afterEach(() => {
  rmSync(folder, { recursive: true })
  vi.restoreAllMocks()
})

const files = () => readdirSync(join(folder, 'executables')).map((name) => join(folder, 'executables', name))

/** The HLO of `x · factor + x`. */
function moduleOf(factor: number): Uint8Array {
  const builder = new ProgramBuilder({})
  builder.capture('scaled', ({ x }) => ({ outputs: x!.mul(factor).add(x!) }), { x: tf.ones([3]) })
  const { module } = builder.lowered().get('scaled')!
  builder.dispose()
  return module
}

/** Compiles as a process that has this cache folder, and gives how often the compiler ran. */
function compiled(module: Uint8Array): number {
  const compile = vi.spyOn(pjrtAddition(), 'compile')
  const { plugin } = pjrtDevice()!
  const executable = new PjrtDevice(plugin, executableCache(folder)).compile('scaled', module)
  const [output] = pjrtAddition().run(executable, [
    pjrtAddition().upload(plugin.path, Float32Array.of(1, 2, 3), 11, [3]),
  ])
  expect([...new Float32Array(pjrtAddition().download(output!))]).toEqual([3, 6, 9])
  const { length } = compile.mock.calls
  compile.mockRestore()
  return length
}

describe('compiled programs', () => {
  it('are kept, and not compiled again', () => {
    expect([compiled(moduleOf(2)), compiled(moduleOf(2))]).toEqual([1, 0])
    expect(files()).toHaveLength(1)
  })

  it.each([
    ['cut off', (bytes: Buffer) => bytes.subarray(0, bytes.length - 9)],
    ['of other bytes', (bytes: Buffer) => Buffer.from(bytes.map((byte, i) => (i === 400 ? byte ^ 1 : byte)))],
    ['empty', () => Buffer.alloc(0)],
  ])('are compiled anew where a file is %s', (_, damage) => {
    compiled(moduleOf(2))
    const [file] = files()
    writeFileSync(file!, damage(readFileSync(file!)))
    expect([compiled(moduleOf(2)), compiled(moduleOf(2))]).toEqual([1, 0])
  })

  it('are compiled anew where the plugin does not take what was kept', () => {
    const cache = executableCache(folder)
    compiled(moduleOf(2))
    const [file] = files()
    cache.keep(file!.split('/').at(-1) as Digest, Buffer.from('of another version'))
    expect([compiled(moduleOf(2)), compiled(moduleOf(2))]).toEqual([1, 0])
  })

  it('are those of their settings, flags and plugin', () => {
    const module = moduleOf(2)
    compiled(module)
    vi.stubEnv('XLA_FLAGS', '--xla_cpu_enable_fast_math=false')
    expect(compiled(module)).toBe(1)
    vi.unstubAllEnvs()
    const { plugin } = pjrtDevice()!
    new PjrtDevice({ ...plugin, digest: '0'.repeat(64) as Digest }, executableCache(folder)).compile('scaled', module)
    expect(files()).toHaveLength(3)
  })

  it('are removed where nobody has used them for thirty days, when another is kept', () => {
    const cache = executableCache(folder)
    const [used, unused, young] = ['1', '2', '3'].map((digit) => digit.repeat(64) as Digest) as [Digest, Digest, Digest]
    const longAgo = new Date(Date.now() - 31 * 86_400_000)
    for (const key of [used, unused]) cache.keep(key, Buffer.from('bytes'))
    for (const file of files()) utimesSync(file, longAgo, longAgo)
    expect(cache.find(used)).toEqual(Buffer.from('bytes'))
    cache.keep(young, Buffer.from('bytes'))
    expect(readdirSync(join(folder, 'executables')).sort()).toEqual([used, young])
  })

  it('are not kept where there is no cache folder', () => {
    const cache = executableCache('')
    cache.keep('0'.repeat(64) as Digest, Buffer.from('bytes'))
    expect(cache.find('0'.repeat(64) as Digest)).toBeUndefined()
  })
})

it('keeps nothing where it cannot write, which fails no compilation', () => {
  writeFileSync(join(folder, 'executables'), 'not a folder')
  expect(compiled(moduleOf(2))).toBe(1)
  expect(compiled(moduleOf(2))).toBe(1)
})
