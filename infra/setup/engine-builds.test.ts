import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { zipOf } from '@gauntlet/files/fixtures/zip'
import { chooseEngineBuild, engineFile } from './engine-builds.mjs'
import { unpackWheel } from './unpack-wheel.mjs'

const folder = mkdtempSync(join(tmpdir(), 'gauntlet-engine-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const choose = (platform: string, arch: string, nvidia: boolean, asked?: string) =>
  chooseEngineBuild({
    platform,
    arch,
    hasNvidiaDriver: () => nvidia,
    environment: asked === undefined ? {} : { GAUNTLET_ENGINE: asked },
  })

describe('the engine of a machine', () => {
  it('is that for CUDA where there is an NVIDIA driver, else that for the CPU', () => {
    expect(choose('linux', 'x64', false)?.device).toBe('cpu')
    expect(choose('linux', 'x64', true)?.device).toBe('cuda')
    expect(choose('linux', 'arm64', true)?.device).toBe('cpu')
    expect(choose('darwin', 'arm64', false)).toBeUndefined()
  })

  it('is the one that the user asks for', () => {
    expect(choose('linux', 'x64', true, 'cpu')?.device).toBe('cpu')
    expect(choose('linux', 'x64', false, 'cuda')?.device).toBe('cuda')
    expect(choose('linux', 'arm64', false, 'cuda')).toBeUndefined()
  })

  it('is pinned wheel by wheel; that for CUDA has all libraries TensorFlow loads', () => {
    const builds = [choose('linux', 'x64', false), choose('linux', 'x64', true), choose('linux', 'arm64', false)]
    for (const wheel of builds.flatMap((build) => build?.wheels ?? [])) {
      expect(wheel.sha256).toMatch(/^[0-9a-f]{64}$/)
      expect(wheel.file.startsWith(wheel.project.replaceAll('-', '_'))).toBe(true)
    }
    expect(builds[1]?.wheels.map(({ project }) => project.replace(/^nvidia-|-cu12$/g, '')).sort()).toEqual([
      'cublas',
      'cuda-cupti',
      'cuda-nvcc',
      'cuda-nvrtc',
      'cuda-runtime',
      'cudnn',
      'cufft',
      'curand',
      'cusolver',
      'cusparse',
      'nccl',
      'nvjitlink',
      'tensorflow',
    ])
  })
})

describe('unpacking', () => {
  it('takes libraries, headers and CUDA tools, and leaves everything else out', async () => {
    const wanted = [
      'tensorflow/libtensorflow_cc.so.2',
      'tensorflow/libtensorflow_framework.so.2',
      'tensorflow/include/tensorflow/c/c_api.h',
      'tensorflow/include/xla/tsl/c/tsl_status.h',
      'tensorflow/include/xla/tsl/framework/allocator_registry.h',
      'tensorflow/include/absl/numeric/int128_have_intrinsic.inc',
      'tensorflow/include/Eigen/Core',
      'nvidia/cudnn/lib/libcudnn.so.9',
      'nvidia/cuda_nvcc/bin/ptxas',
      'nvidia/cuda_nvcc/nvvm/libdevice/libdevice.10.bc',
    ]
    const unwanted = [
      'tensorflow/__init__.py',
      'tensorflow/include/tensorflow/core/framework/op.h',
      'tensorflow/include/unsupported/Eigen/CXX11/Tensor',
      'tensorflow/python/x.so',
      'nvidia/cudnn/include/cudnn.h',
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
    expect(statSync(join(folder, 'engine/nvidia/cuda_nvcc/bin/ptxas')).mode & 0o111).not.toBe(0)
  })

  it('leaves no part of a file of a damaged wheel', async () => {
    const wheel = join(folder, 'damaged.whl')
    writeFileSync(wheel, zipOf([{ name: 'tensorflow/libtensorflow_cc.so.2', content: Buffer.from('library'), crc: 1 }]))
    await expect(unpackWheel(wheel, join(folder, 'half'), engineFile)).rejects.toMatchObject({ name: 'SetUpFailed' })
    expect(existsSync(join(folder, 'half')) ? readdirSync(join(folder, 'half', 'tensorflow')) : []).toEqual([])
  })
})
