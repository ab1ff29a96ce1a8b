import { existsSync, readFileSync } from 'node:fs'
import { SetUpFailed } from './set-up-failed.mjs'
import { wheel } from './wheels.mjs'

/**
 * @typedef {import('./wheels.mjs').WheelSet & { readonly name: string, readonly file: string }} PluginBuild
 *   name: also the folder in the cache; file: the plugin in that folder
 */

/** The first driver of NVIDIA's with CUDA 13. */
const oldestNvidiaDriver = 580

/**
 * What jax-cuda13-plugin 0.12.0.1 asks for under `with-cuda`, at versions of CUDA 13.0, without the library for memory
 * that several GPUs share: a process has one GPU.
 */
const cudaWheels = [
  wheel(
    'jax-cuda13-pjrt',
    'jax_cuda13_pjrt-0.12.0.1-py3-none-manylinux_2_27_x86_64.whl',
    '5899bb6177eda86ea532afb9a26794f2bdd04966f6a01f9028266b16c2b6cf90',
    134_922_808,
  ),
  wheel(
    'nvidia-cublas',
    'nvidia_cublas-13.0.2.14-py3-none-manylinux_2_27_x86_64.whl',
    '0cf238ffdbe46c00cb9aa98e7bca745c223a5ca5a53e686ac8b3e5a08fe80d6c',
    420_882_912,
  ),
  wheel(
    'nvidia-cuda-cupti',
    'nvidia_cuda_cupti-13.0.85-py3-none-manylinux_2_25_x86_64.whl',
    '4eb01c08e859bf924d222250d2e8f8b8ff6d3db4721288cf35d14252a4d933c8',
    10_715_597,
  ),
  wheel(
    'nvidia-cuda-nvcc',
    'nvidia_cuda_nvcc-13.0.88-py3-none-manylinux2014_x86_64.manylinux_2_17_x86_64.whl',
    '56fe502eb77625a12f25172caa3cdddb4e4c8ba2c8c17dba44b164761b380f03',
    37_384_532,
  ),
  wheel(
    'nvidia-cuda-nvrtc',
    'nvidia_cuda_nvrtc-13.0.88-py3-none-manylinux2010_x86_64.manylinux_2_12_x86_64.whl',
    'ad9b6d2ead2435f11cbb6868809d2adeeee302e9bb94bcf0539c7a40d80e8575',
    90_215_200,
  ),
  wheel(
    'nvidia-cuda-runtime',
    'nvidia_cuda_runtime-13.0.96-py3-none-manylinux2014_x86_64.manylinux_2_17_x86_64.whl',
    '7f82250d7782aa23b6cfe765ecc7db554bd3c2870c43f3d1821f1d18aebf0548',
    2_243_632,
  ),
  wheel(
    'nvidia-cudnn-cu13',
    'nvidia_cudnn_cu13-9.19.1.2-py3-none-manylinux_2_27_x86_64.whl',
    '7609f4bbcde269c4aa8869e12112a1924fb6e032a00842912caafcb4e15d42d6',
    366_067_481,
  ),
  wheel(
    'nvidia-cufft',
    'nvidia_cufft-12.0.0.61-py3-none-manylinux2014_x86_64.manylinux_2_17_x86_64.whl',
    '6c44f692dce8fd5ffd3e3df134b6cdb9c2f72d99cf40b62c32dde45eea9ddad3',
    214_085_489,
  ),
  wheel(
    'nvidia-cusolver',
    'nvidia_cusolver-12.0.9.81-py3-none-manylinux_2_27_x86_64.whl',
    '5d28371e1301d1edfb15b8b1201e24cd680bc72de7f384cc162c7edbd8c5348c',
    202_032_975,
  ),
  wheel(
    'nvidia-cusparse',
    'nvidia_cusparse-12.6.3.3-py3-none-manylinux2014_x86_64.manylinux_2_17_x86_64.whl',
    '2b3c89c88d01ee0e477cb7f82ef60a11a4bcd57b6b87c33f789350b59759360b',
    145_942_937,
  ),
  wheel(
    'nvidia-nccl-cu13',
    'nvidia_nccl_cu13-2.29.7-py3-none-manylinux_2_18_x86_64.whl',
    'edd81538446786ec3b73972543e53bb43bcaf0bfc8ef76cb679fcc390ffe136d',
    205_976_000,
  ),
  wheel(
    'nvidia-nvjitlink',
    'nvidia_nvjitlink-13.0.88-py3-none-manylinux2010_x86_64.manylinux_2_12_x86_64.whl',
    '13a74f429e23b921c1109976abefacc69835f2f433ebd323d3946e11d804e47b',
    40_713_933,
  ),
  wheel(
    'nvidia-nvvm',
    'nvidia_nvvm-13.0.88-py3-none-manylinux2010_x86_64.manylinux_2_12_x86_64.whl',
    'c5f41ffeb6466944a026dfa5317d7d85355c119bbec279205d22f1869d1054e0',
    61_601_415,
  ),
]

/** The plugins that set-up knows, by `GAUNTLET_DEVICE`. @type {Readonly<Record<string, PluginBuild>>} */
const plugins = {
  cuda: {
    name: 'cuda13-0.12.0.1',
    what: "plugin for NVIDIA's GPUs",
    wheels: cudaWheels,
    unpackedSize: 4e9,
    file: 'jax_plugins/xla_cuda13/xla_cuda_plugin.so',
  },
  // It is linked to the ROCm 7 of the machine.
  rocm: {
    name: 'rocm7-0.12.0',
    what: "plugin for AMD's GPUs",
    wheels: [
      wheel(
        'jax-rocm7-pjrt',
        'jax_rocm7_pjrt-0.12.0-py3-none-manylinux_2_27_x86_64.whl',
        '4551d0714523355f2946ca1958c3f584e95661e467a641d36b726f718a1c7934',
        133_415_872,
      ),
    ],
    unpackedSize: 5e8,
    file: 'jax_plugins/xla_rocm7/xla_rocm_plugin.so',
  },
  // By it everything that concerns plugins is tested on machines without an accelerator.
  xla_cpu: {
    name: 'cpu-0.11.2',
    what: 'plugin for CPUs',
    wheels: [
      wheel(
        'lammps-jax-pjrt-cpu',
        'lammps_jax_pjrt_cpu-0.11.2-py3-none-manylinux_2_27_x86_64.whl',
        '1319390d948b39f69f7dade496b7c385149d9ca6097a6b62114da113216d9ad1',
        62_711_338,
      ),
    ],
    unpackedSize: 2.1e8,
    file: 'lammps_jax_pjrt_cpu/pjrt_c_api_cpu_plugin.so',
  },
}

/** The device whose plugin tests need. */
export const testedDevice = 'xla_cpu'

/**
 * The kind of accelerator for which a machine needs a plugin; `undefined` where it needs none: on a CPU, and where the
 * user has one (`GAUNTLET_PJRT_PLUGIN`). `GAUNTLET_DEVICE` decides; otherwise a driver of NVIDIA's does. @param {{
 * platform?: string, arch?: string, environment?: NodeJS.ProcessEnv, nvidiaDriver?: () => number | undefined }}
 * [machine] @returns {string | undefined}
 */
export function wantedDevice(machine = {}) {
  const { platform = process.platform, arch = process.arch, environment = process.env, nvidiaDriver = driver } = machine
  if (environment['GAUNTLET_PJRT_PLUGIN']) return undefined
  const asked = environment['GAUNTLET_DEVICE']
  if (asked === 'cpu') return undefined
  const isKnownMachine = platform === 'linux' && arch === 'x64'
  if (!asked) {
    const version = isKnownMachine ? nvidiaDriver() : undefined
    if (version !== undefined) requireDriver(version)
    return version === undefined ? undefined : 'cuda'
  }
  if (asked in plugins && isKnownMachine) return asked
  throw new SetUpFailed(
    `There is no plugin for GAUNTLET_DEVICE=${asked} on ${platform}-${arch}; give one of cpu, ${Object.keys(plugins).join(', ')} (all but cpu on linux-x64), or name a PJRT plugin of yours in GAUNTLET_PJRT_PLUGIN.`,
  )
}

/** @param {number} version */
function requireDriver(version) {
  if (version >= oldestNvidiaDriver) return
  throw new SetUpFailed(
    `The NVIDIA driver is of version ${version}, and its GPUs' plugin needs ${oldestNvidiaDriver}; update the driver, name an older plugin in GAUNTLET_PJRT_PLUGIN, or set GAUNTLET_DEVICE=cpu.`,
  )
}

/** The plugin for a kind of accelerator. @param {string} device @returns {PluginBuild} */
export function pluginFor(device) {
  const plugin = plugins[device]
  if (!plugin)
    throw new SetUpFailed(`There is no plugin for ${device}; give one of ${Object.keys(plugins).join(', ')}.`)
  return plugin
}

/**
 * The major version of NVIDIA's driver, by the kernel module's own word; `nvidia-smi` may be missing where it is there.
 */
function driver() {
  const file = '/proc/driver/nvidia/version'
  if (!existsSync(file)) return existsSync('/dev/dxg') ? oldestNvidiaDriver : undefined // the latter is a GPU under WSL 2
  return Number(/Kernel Module\s+(?:for \S+\s+)?(\d+)/.exec(readFileSync(file, 'utf8'))?.[1] ?? oldestNvidiaDriver)
}

/** What is taken of the vendors' wheels: libraries, what the compiler calls, and which versions these are. */
const members = [
  /^jax_plugins\/\w+\/.*\.so$/,
  /^lammps_jax_pjrt_cpu\/.*\.so$/,
  /^nvidia\/.*\/lib\/.*\.so[.\d]*$/,
  /^nvidia\/\w+\/(bin\/(ptxas|nvlink)|nvvm\/libdevice\/.*)$/,
  /^[\w.-]+\.dist-info\/METADATA$/,
]

/**
 * Where a member of a wheel belongs in the plugin's folder; `undefined` for what is not needed. A plugin looks for its
 * vendor's libraries at the places that they have in Python's folder of packages, so these are kept. @param {string}
 * member
 */
export function pluginFile(member) {
  return members.some((pattern) => pattern.test(member)) ? member : undefined
}
