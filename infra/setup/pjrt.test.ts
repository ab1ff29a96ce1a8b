import { createHash } from 'node:crypto'
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, relative } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { sendFile, serve } from '@gauntlet/sources/fixtures/server'
import { zipOf } from '@gauntlet/files/fixtures/zip'
import { linkPlugins, pluginsArePresent } from './pjrt.mjs'
import { pluginFile, pluginFor, wantedDevice } from './pjrt-plugins.mjs'
import { installWheels } from './wheels.mjs'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'gauntlet-pjrt-'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

const wanted = (environment: NodeJS.ProcessEnv, driver?: number, arch = 'x64') =>
  wantedDevice({ platform: 'linux', arch, environment, nvidiaDriver: () => driver })

describe('the plugin of a machine', () => {
  it("is NVIDIA's where there is its driver, and none where programs run on the CPU", () => {
    expect(wanted({}, 580)).toBe('cuda')
    expect(wanted({})).toBeUndefined()
    expect(wanted({}, 580, 'arm64')).toBeUndefined()
    expect(wanted({ GAUNTLET_DEVICE: 'cpu' }, 580)).toBeUndefined()
  })

  it('is what the user asks for, or has', () => {
    expect(wanted({ GAUNTLET_DEVICE: 'rocm' })).toBe('rocm')
    expect(wanted({ GAUNTLET_DEVICE: 'cuda' })).toBe('cuda')
    expect(wanted({ GAUNTLET_PJRT_PLUGIN: '/a/plugin.so' }, 580)).toBeUndefined()
  })

  it('is told by what it needs, where it cannot be had', () => {
    expect(() => wanted({ GAUNTLET_DEVICE: 'tpu' })).toThrow(/no plugin for GAUNTLET_DEVICE=tpu .*GAUNTLET_PJRT_PLUGIN/)
    expect(() => wanted({ GAUNTLET_DEVICE: 'cuda' }, 580, 'arm64')).toThrow(/no plugin for GAUNTLET_DEVICE=cuda/)
    expect(() => wanted({}, 535)).toThrow(/driver is of version 535, .* needs 580; update the driver/)
  })
})

/** What the plugin for NVIDIA's GPUs loads or calls of each wheel. The wheels here hold a few bytes instead of 2 GB. */
const loaded: Readonly<Record<string, readonly string[]>> = {
  'jax-cuda13-pjrt': ['jax_plugins/xla_cuda13/xla_cuda_plugin.so'],
  'nvidia-cublas': ['nvidia/cu13/lib/libcublas.so.13', 'nvidia/cu13/lib/libcublasLt.so.13'],
  'nvidia-cuda-cupti': ['nvidia/cu13/lib/libcupti.so.13'],
  'nvidia-cuda-nvcc': ['nvidia/cu13/bin/ptxas'],
  'nvidia-cuda-nvrtc': ['nvidia/cu13/lib/libnvrtc.so.13'],
  'nvidia-cuda-runtime': ['nvidia/cu13/lib/libcudart.so.13'],
  'nvidia-cudnn-cu13': ['nvidia/cudnn/lib/libcudnn.so.9', 'nvidia/cudnn/lib/libcudnn_engines_precompiled.so.9'],
  'nvidia-cufft': ['nvidia/cu13/lib/libcufft.so.12'],
  'nvidia-cusolver': ['nvidia/cu13/lib/libcusolver.so.12'],
  'nvidia-cusparse': ['nvidia/cu13/lib/libcusparse.so.12'],
  'nvidia-nccl-cu13': ['nvidia/nccl/lib/libnccl.so.2'],
  'nvidia-nvjitlink': ['nvidia/cu13/lib/libnvJitLink.so.13'],
  'nvidia-nvvm': ['nvidia/cu13/nvvm/libdevice/libdevice.10.bc'],
}

it('set-up of a machine with an NVIDIA driver fetches every wheel once and puts every library to its place', async () => {
  const build = pluginFor('cuda')
  expect(build.wheels.map(({ project }) => project).sort()).toEqual(Object.keys(loaded).sort())
  const bytesOf = new Map(build.wheels.map(({ file, project }) => [file, wheelOf(loaded[project] ?? [])]))
  const server = await serve((request, response) => {
    const [, kind, name] = request.url!.split('/') as [string, string, string]
    if (kind === 'files') return sendFile(request, response, bytesOf.get(name)!)
    const files = build.wheels
      .filter(({ project }) => project === kind)
      .map(({ file }) => ({ filename: file, url: `/files/${file}`, hashes: { sha256: sha256Of(bytesOf.get(file)!) } }))
    response.setHeader('content-type', 'application/vnd.pypi.simple.v1+json').end(JSON.stringify({ files }))
  })
  const wheels = build.wheels.map((wheel) => ({ ...wheel, sha256: sha256Of(bytesOf.get(wheel.file)!), size: 1 }))
  const environment = { HOME: folder, GAUNTLET_CACHE: join(folder, 'cache'), PIP_INDEX_URL: server.address }
  const place = join(folder, 'cache', 'pjrt', build.name)

  const contents = { place: pluginFile, isPresent: () => existsSync(place) }
  const options = { report: () => undefined, environment }
  await installWheels({ ...build, wheels, unpackedSize: 1 }, place, contents, options)

  expect(filesIn(place)).toEqual(Object.values(loaded).flat().sort())
  const fetched = server.requests.map(({ url }) => url!).filter((url) => url.startsWith('/files/'))
  expect(fetched).toEqual(build.wheels.map(({ file }) => `/files/${file}`))
  expect(readdirSync(join(folder, 'cache', 'downloads'))).toEqual([])

  const root = join(folder, 'checkout')
  expect(pluginsArePresent(root, environment, ['cuda'])).toBe(false)
  linkPlugins(root, ['cuda'], environment)
  expect(pluginsArePresent(root, environment, ['cuda'])).toBe(true)
})

/** Its libraries, and what every wheel also has and nobody needs. */
function wheelOf(members: readonly string[]): Buffer {
  const names = [...members, 'nvidia/__init__.py', 'x.dist-info/RECORD']
  return zipOf(names.map((name) => ({ name, content: Buffer.from(name) })))
}

function sha256Of(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex')
}

function filesIn(place: string): string[] {
  return readdirSync(place, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(place, join(entry.parentPath, entry.name)))
    .sort()
}
