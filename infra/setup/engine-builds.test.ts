import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { zipOf } from '@gauntlet/files/fixtures/zip'
import { chooseEngineBuild, engineFile } from './engine-builds.mjs'
import { pluginFile, pluginFor } from './pjrt-plugins.mjs'
import { unpackWheel } from './unpack-wheel.mjs'

const folder = mkdtempSync(join(tmpdir(), 'gauntlet-engine-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

describe('the engine of a machine', () => {
  it('is of its processor, and Linux has one', () => {
    expect(chooseEngineBuild({ platform: 'linux', arch: 'x64' })?.wheels[0]?.project).toBe('tensorflow-cpu')
    expect(chooseEngineBuild({ platform: 'linux', arch: 'arm64' })?.wheels[0]?.project).toBe('tensorflow')
    expect(chooseEngineBuild({ platform: 'darwin', arch: 'arm64' })).toBeUndefined()
  })
})

describe('what set-up fetches', () => {
  it('is pinned wheel by wheel', () => {
    const builds = ['x64', 'arm64'].map((arch) => chooseEngineBuild({ platform: 'linux', arch })!)
    const plugins = ['cuda', 'rocm', 'xla_cpu'].map(pluginFor)
    for (const { sha256, file, project } of [...builds, ...plugins].flatMap(({ wheels }) => wheels)) {
      expect(sha256).toMatch(/^[0-9a-f]{64}$/)
      expect(file.startsWith(project.replaceAll('-', '_'))).toBe(true)
    }
  })
})

describe('unpacking', () => {
  it('takes libraries and headers to their places and leaves everything else', async () => {
    const wanted = [
      'tensorflow/libtensorflow_cc.so.2',
      'tensorflow/libtensorflow_framework.so.2',
      'tensorflow/include/tensorflow/c/c_api.h',
      'tensorflow/include/xla/tsl/c/tsl_status.h',
      'tensorflow/include/xla/tsl/framework/allocator_registry.h',
      'tensorflow/include/absl/numeric/int128_have_intrinsic.inc',
      'tensorflow/include/Eigen/Core',
      'tensorflow/include/google/protobuf/io/coded_stream.h',
      'tensorflow/include/tensorflow/core/framework/graph.pb.h',
      'tensorflow/include/xla/pjrt/c/pjrt_c_api.h',
    ]
    const unwanted = [
      'tensorflow/__init__.py',
      'tensorflow/include/tensorflow/core/framework/op.h',
      'tensorflow/include/unsupported/Eigen/CXX11/Tensor',
      'tensorflow/include/google/protobuf/compiler/parser.h',
      'tensorflow/python/x.so',
      'x/lib/a.so',
    ]
    const wheel = join(folder, 'wheel.whl')
    writeFileSync(wheel, zipOf([...wanted, ...unwanted].map((name) => ({ name, content: Buffer.from(name) }))))
    await unpackWheel(wheel, join(folder, 'engine'), engineFile)
    const found = readdirSync(join(folder, 'engine'), { recursive: true, withFileTypes: true }).filter((entry) =>
      entry.isFile(),
    )
    expect(found).toHaveLength(wanted.length)
    for (const name of wanted) expect(readFileSync(join(folder, 'engine', name), 'utf8')).toBe(name)
  })

  it("takes a plugin, its vendor's libraries and tools, and their versions", async () => {
    const wanted = [
      'jax_plugins/xla_cuda13/xla_cuda_plugin.so',
      'nvidia/cu13/lib/libcublas.so.13',
      'nvidia/cudnn/lib/libcudnn.so.9',
      'nvidia/cu13/bin/ptxas',
      'nvidia/cu13/nvvm/libdevice/libdevice.10.bc',
      'nvidia_cublas-13.0.2.14.dist-info/METADATA',
    ]
    const unwanted = ['jax_plugins/xla_cuda13/__init__.py', 'nvidia/cu13/include/cublas.h', 'nvidia/cu13/bin/nvcc']
    const wheel = join(folder, 'plugin.whl')
    writeFileSync(wheel, zipOf([...wanted, ...unwanted].map((name) => ({ name, content: Buffer.from(name) }))))
    await unpackWheel(wheel, join(folder, 'plugin'), pluginFile)
    for (const name of wanted) expect(readFileSync(join(folder, 'plugin', name), 'utf8')).toBe(name)
    for (const name of unwanted) expect(existsSync(join(folder, 'plugin', name))).toBe(false)
    expect(statSync(join(folder, 'plugin/nvidia/cu13/bin/ptxas')).mode & 0o111).not.toBe(0)
  })

  it('leaves no part of a file of a damaged wheel', async () => {
    const wheel = join(folder, 'damaged.whl')
    writeFileSync(wheel, zipOf([{ name: 'tensorflow/libtensorflow_cc.so.2', content: Buffer.from('library'), crc: 1 }]))
    await expect(unpackWheel(wheel, join(folder, 'half'), engineFile)).rejects.toMatchObject({ name: 'SetUpFailed' })
    expect(existsSync(join(folder, 'half')) ? readdirSync(join(folder, 'half', 'tensorflow')) : []).toEqual([])
  })
})
