import { createHash } from 'node:crypto'
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, relative } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { zipOf } from '@gauntlet/files/fixtures/zip'
import { sendFile, serve } from '@gauntlet/sources/fixtures/server'
import { chooseEngineBuild } from './engine-builds.mjs'
import { installLibrary } from './engine.mjs'

/*
 * Set-up of a machine with an NVIDIA driver, as far as a machine without one can test it: the real choice of wheels,
 * fetched from an index of the same layout and unpacked by the real code. The wheels hold a few bytes instead of 2 GB,
 * under the names of their libraries.
 */

/** The files of each wheel that libtensorflow 2.21 loads when it finds a GPU, or that XLA and its compiler call. */
const loaded: Readonly<Record<string, readonly string[]>> = {
  tensorflow: ['tensorflow/libtensorflow_cc.so.2', 'tensorflow/libtensorflow_framework.so.2'],
  'nvidia-cublas-cu12': ['nvidia/cublas/lib/libcublas.so.12', 'nvidia/cublas/lib/libcublasLt.so.12'],
  'nvidia-cuda-cupti-cu12': ['nvidia/cuda_cupti/lib/libcupti.so.12'],
  'nvidia-cuda-nvcc-cu12': ['nvidia/cuda_nvcc/bin/ptxas', 'nvidia/cuda_nvcc/nvvm/libdevice/libdevice.10.bc'],
  'nvidia-cuda-nvrtc-cu12': ['nvidia/cuda_nvrtc/lib/libnvrtc.so.12'],
  'nvidia-cuda-runtime-cu12': ['nvidia/cuda_runtime/lib/libcudart.so.12'],
  'nvidia-cudnn-cu12': ['nvidia/cudnn/lib/libcudnn.so.9', 'nvidia/cudnn/lib/libcudnn_engines_precompiled.so.9'],
  'nvidia-cufft-cu12': ['nvidia/cufft/lib/libcufft.so.11'],
  'nvidia-curand-cu12': ['nvidia/curand/lib/libcurand.so.10'],
  'nvidia-cusolver-cu12': ['nvidia/cusolver/lib/libcusolver.so.11'],
  'nvidia-cusparse-cu12': ['nvidia/cusparse/lib/libcusparse.so.12'],
  'nvidia-nccl-cu12': ['nvidia/nccl/lib/libnccl.so.2'],
  'nvidia-nvjitlink-cu12': ['nvidia/nvjitlink/lib/libnvJitLink.so.12'],
}

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'gauntlet-cuda-'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

it('set-up of a machine with an NVIDIA driver fetches every CUDA wheel once and unpacks every library', async () => {
  const build = chooseEngineBuild({ platform: 'linux', arch: 'x64', environment: {}, hasNvidiaDriver: () => true })!
  expect(build.wheels.map(({ project }) => project).sort()).toEqual(Object.keys(loaded).sort())
  const bytesOf = new Map(build.wheels.map(({ file, project }) => [file, wheelOf(loaded[project] ?? [])]))
  const server = await serve((request, response) => {
    const [, kind, name] = request.url!.split('/') as [string, string, string]
    if (kind === 'files') return sendFile(request, response, bytesOf.get(name)!)
    const files = build.wheels
      .filter(({ project }) => project === kind)
      .map(({ file }) => ({
        filename: file,
        url: `/files/${file}`,
        hashes: { sha256: wheelDigest(bytesOf.get(file)!) },
      }))
    response.setHeader('content-type', 'application/vnd.pypi.simple.v1+json').end(JSON.stringify({ files }))
  })
  const wheels = build.wheels.map((wheel) => ({ ...wheel, sha256: wheelDigest(bytesOf.get(wheel.file)!), size: 1 }))
  const cache = join(folder, 'cache')
  const environment = { PATH: compilerFolder(), HOME: folder, GAUNTLET_CACHE: cache, PIP_INDEX_URL: server.address }

  await installLibrary({ report: () => undefined, environment, build: { ...build, wheels, unpackedSize: 1 } })

  expect(filesIn(join(cache, 'engine', build.name))).toEqual(Object.values(loaded).flat().sort())
  const fetched = server.requests.map(({ url }) => url!).filter((url) => url.startsWith('/files/'))
  expect(fetched).toEqual(build.wheels.map(({ file }) => `/files/${file}`))
  expect(readdirSync(join(cache, 'downloads'))).toEqual([])
})

/** A wheel with the given files, and with files that every wheel has and set-up leaves out. */
function wheelOf(members: readonly string[]): Buffer {
  const names = [...members, 'nvidia/__init__.py', 'x.dist-info/METADATA']
  return zipOf(names.map((name) => ({ name, content: Buffer.from(name) })))
}

function wheelDigest(wheel: Buffer): string {
  return createHash('sha256').update(wheel).digest('hex')
}

/** A folder with a program named as a compiler, which set-up looks for before it fetches anything. */
function compilerFolder(): string {
  const place = join(folder, 'bin')
  mkdirSync(place)
  writeFileSync(join(place, 'g++'), '#!/bin/sh\nexit 0\n')
  chmodSync(join(place, 'g++'), 0o755)
  return place
}

function filesIn(place: string): string[] {
  return readdirSync(place, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(place, join(entry.parentPath, entry.name)))
    .sort()
}
