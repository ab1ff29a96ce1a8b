import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { PluginUnusable } from './pjrt-errors.ts'
import { chosenPlugin, devicesOf } from './plugin-choice.ts'
import { connectPlugin } from './plugin.ts'

let folder: string
beforeEach(() => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), 'gauntlet-plugins-')))
})
afterEach(() => rmSync(folder, { recursive: true }))

function file(path: string, content: string | Uint8Array = ''): string {
  mkdirSync(dirname(join(folder, path)), { recursive: true })
  writeFileSync(join(folder, path), content)
  return join(folder, path)
}

const chosen = (
  variables: NodeJS.ProcessEnv,
  installed = (device: string): string | undefined => `/of/${device}`,
  gpus = 0,
) => chosenPlugin(variables, installed, gpus)

describe('the plugin of a process', () => {
  it('is none on a CPU, and that of the device which is asked for', () => {
    expect(chosen({ GAUNTLET_DEVICE: 'cpu' })).toBeUndefined()
    expect(chosen({ GAUNTLET_DEVICE: 'rocm' })).toBe('/of/rocm')
  })

  it('is that of GPUs that are seen, and asked for where set-up has not installed it', () => {
    const none = () => undefined
    expect(chosen({}, undefined, 2)).toBe('/of/cuda')
    expect(chosen({}, none, 0)).toBeUndefined()
    expect(chosen({ GAUNTLET_DEVICE: 'cpu' }, none, 2)).toBeUndefined()
    expect(() => chosen({}, none, 2)).toThrow(PluginUnusable)
    expect(() => chosen({}, none, 2)).toThrow(/has NVIDIA GPUs, .* set-up` with GAUNTLET_DEVICE=cuda/)
  })

  it('is the file that is named', () => {
    const plugin = file('my/pjrt_c_api_x_plugin.so')
    expect(chosen({ GAUNTLET_PJRT_PLUGIN: plugin, GAUNTLET_DEVICE: 'cpu' })).toBe(plugin)
  })

  it.each([
    ['a Python environment', 'lib/python3.12/site-packages/jax_plugins/xla_cuda13/xla_cuda_plugin.so'],
    ['its folder of packages', 'jax_plugins/xla_rocm7/xla_rocm_plugin.so'],
    ['a folder of its own', 'libpjrt_c_api_intel_plugin.so'],
  ])('is found in %s', (_, path) => {
    const plugin = file(path)
    file(path.replace(/[^/]+$/, 'libother.so'))
    expect(chosen({ GAUNTLET_PJRT_PLUGIN: folder })).toBe(plugin)
  })

  it.each<[string, (where: () => string) => NodeJS.ProcessEnv, RegExp]>([
    [
      'is not installed',
      () => ({ GAUNTLET_DEVICE: 'cuda' }),
      /No PJRT plugin for "cuda" is installed; run `npm run set-up`/,
    ],
    ['is not there', (where) => ({ GAUNTLET_PJRT_PLUGIN: `${where()}/none.so` }), /where nothing is; correct the path/],
    [
      'is not in the folder',
      (where) => ({ GAUNTLET_PJRT_PLUGIN: where() }),
      /There is no PJRT plugin in .* give the path/,
    ],
  ])('is asked for by a sentence where it %s', (_, variables, sentence) => {
    const choose = () =>
      chosen(
        variables(() => folder),
        () => undefined,
      )
    expect(choose).toThrow(PluginUnusable)
    expect(choose).toThrow(sentence)
  })

  it('is not guessed where a folder has several', () => {
    file('a_pjrt_plugin.so')
    file('b_pjrt_plugin.so')
    expect(() => chosen({ GAUNTLET_PJRT_PLUGIN: folder })).toThrow(
      /There are several PJRT plugins .*give the path of one/,
    )
  })
})

describe('a file that is no plugin for this machine', () => {
  it.each<[string, () => string, RegExp]>([
    ['text', () => file('text_pjrt.so', 'no library'), /is no library of this machine/],
    ['a part of a library', () => file('part_pjrt.so', partOfLibrary()), /A part of .* is missing; install it again/],
    ['another library', () => process.execPath, /cannot be used here \(.*\); install the driver/],
  ])('is refused by a sentence: %s', (_, path, sentence) => {
    const connect = () => connectPlugin(path())
    expect(connect).toThrow(PluginUnusable)
    expect(connect).toThrow(sentence)
  })
})

it('a plugin of an older interface is refused by a sentence', () => {
  // The head of a PJRT_Api (xla/pjrt/c/pjrt_c_api.h): sizes, extensions, and the version of the interface.
  const source = file(
    'old.cc',
    `#include <cstddef>
struct { size_t size; void* extensions; size_t version; void* more; int major, minor; } api = {64, 0, 24, 0, 0, 20};
extern "C" const void* GetPjrtApi() { return &api; }`,
  )
  const plugin = join(folder, 'old_pjrt.so')
  execFileSync(process.env['CXX'] ?? 'c++', ['-shared', '-fPIC', source, '-o', plugin])
  expect(() => connectPlugin(plugin)).toThrow(PluginUnusable)
  expect(() => connectPlugin(plugin)).toThrow(/it has PJRT 0\.20, and 0\.54 or newer is needed.*install/)
})

it('has a process for each device of its vendor, one where the vendor is not known, and none of its own on a CPU', () => {
  expect(devicesOf('/a/pjrt_c_api_cpu_plugin.so')).toBeUndefined()
  expect(devicesOf('/a/libpjrt_of_somebody.so')).toEqual([{}])
  expect(devicesOf('/a/xla_cuda_plugin.so', { CUDA_VISIBLE_DEVICES: '-1' })).toEqual([])
})

/** The header of an ELF file whose table of sections would be a megabyte further on. */
function partOfLibrary(): Uint8Array {
  const header = Buffer.alloc(128)
  header.write('\u007fELF', 'latin1')
  header.writeBigUInt64LE(2n ** 20n, 40)
  header.writeUInt16LE(64, 58)
  header.writeUInt16LE(10, 60)
  return header
}
