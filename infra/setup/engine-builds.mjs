import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'

/**
 * @typedef {object} Wheel a Python wheel, of which only libraries and headers are taken
 * @property {string} project
 * @property {string} file
 * @property {string} sha256
 * @property {number} size bytes
 */

/**
 * @typedef {object} EngineBuild
 * @property {string} name also the folder in the cache. It contains the digest of the wheels, and is part of the
 *   environment class.
 * @property {'cpu' | 'cuda'} device
 * @property {readonly Wheel[]} wheels
 * @property {number} unpackedSize bytes on the disk afterwards, about
 */

/** Version of libtensorflow; all builds have the same. */
export const engineVersion = '2.21.0'

/**
 * The wheels that tensorflow 2.21.0 asks for under `and-cuda`, at the versions it was built against (CUDA 12.5, cuDNN
 * 9.3).
 * @type {readonly Wheel[]}
 */
const cudaWheels = [
  wheel(
    'nvidia-cublas-cu12',
    'nvidia_cublas_cu12-12.5.3.2-py3-none-manylinux2014_x86_64.whl',
    'ca070ad70e9fa6654084575d01bd001f30cc4665e33d4bb9fc8e0f321caa034b',
    363_313_169,
  ),
  wheel(
    'nvidia-cuda-cupti-cu12',
    'nvidia_cuda_cupti_cu12-12.5.82-py3-none-manylinux2014_x86_64.whl',
    'bde77a5feb66752ec61db2adfe47f56b941842825b4c7e2068aff27c9d107953',
    13_811_507,
  ),
  wheel(
    'nvidia-cuda-nvcc-cu12',
    'nvidia_cuda_nvcc_cu12-12.5.82-py3-none-manylinux2014_x86_64.whl',
    'b03e545b8e8c3ce7ebcd7fc44063180ff52ff01d064ece2127ed90a04ef12cd0',
    22_468_537,
  ),
  wheel(
    'nvidia-cuda-nvrtc-cu12',
    'nvidia_cuda_nvrtc_cu12-12.5.82-py3-none-manylinux2014_x86_64.whl',
    '3dbd97b0104b4bfbc3c4f8c79cd2496307c89c43c29a9f83125f1d76296ff3fd',
    24_873_108,
  ),
  wheel(
    'nvidia-cuda-runtime-cu12',
    'nvidia_cuda_runtime_cu12-12.5.82-py3-none-manylinux2014_x86_64.whl',
    '3e79a060e126df40fd3a068f3f787eb000fa51b251ec6cd97d09579632687115',
    895_707,
  ),
  wheel(
    'nvidia-cudnn-cu12',
    'nvidia_cudnn_cu12-9.3.0.75-py3-none-manylinux2014_x86_64.whl',
    '9ad9c6929ebb5295eb4a1728024666d1c88283373e265a0c5c883e6f9d5cd76d',
    577_163_502,
  ),
  wheel(
    'nvidia-cufft-cu12',
    'nvidia_cufft_cu12-11.2.3.61-py3-none-manylinux2014_x86_64.whl',
    '9a6e8df162585750f61983a638104a48c756aa13f9f48e19ab079b38e3c828b8',
    192_524_114,
  ),
  wheel(
    'nvidia-curand-cu12',
    'nvidia_curand_cu12-10.3.6.82-py3-none-manylinux2014_x86_64.whl',
    '2823fb27de4e44dbb22394a6adf53aa6e1b013aca0f8c22867d1cfae58405536',
    56_309_107,
  ),
  wheel(
    'nvidia-cusolver-cu12',
    'nvidia_cusolver_cu12-11.6.3.83-py3-none-manylinux2014_x86_64.whl',
    '93cfafacde4428b71778eeb092ec615a02a3d05404da1bcf91c53e3fa1bce42b',
    130_341_232,
  ),
  wheel(
    'nvidia-cusparse-cu12',
    'nvidia_cusparse_cu12-12.5.1.3-py3-none-manylinux2014_x86_64.whl',
    '016df8e993c437e8301e62739f01775cba988fd5253cd4c64173f8e8d2f8e752',
    217_558_979,
  ),
  wheel(
    'nvidia-nccl-cu12',
    'nvidia_nccl_cu12-2.27.7-py3-none-manylinux2014_x86_64.manylinux_2_17_x86_64.whl',
    'de5ba5562f08029a19cb1cd659404b18411ed0d6c90ac5f52f30bf99ad5809aa',
    322_546_339,
  ),
  wheel(
    'nvidia-nvjitlink-cu12',
    'nvidia_nvjitlink_cu12-12.5.82-py3-none-manylinux2014_x86_64.whl',
    'f9b37bc5c8cf7509665cb6ada5aaa0ce65618f2332b7d3e78e9790511f111212',
    21_298_879,
  ),
]

/**
 * Every build, by platform, processor and device.
 * @type {Readonly<Record<string, EngineBuild>>}
 */
const builds = {
  'linux-x64-cpu': build({
    device: 'cpu',
    wheels: [
      wheel(
        'tensorflow-cpu',
        'tensorflow_cpu-2.21.0-cp312-cp312-manylinux_2_27_x86_64.whl',
        'dcc8afd32930e42d5296b6ee19078b773706830af4ea97fbe503b9f5e0f820cb',
        274_000_871,
      ),
    ],
    unpackedSize: 875e6,
  }),
  'linux-x64-cuda': build({
    device: 'cuda',
    wheels: [
      wheel(
        'tensorflow',
        'tensorflow-2.21.0-cp312-cp312-manylinux_2_27_x86_64.whl',
        'b3b95643c4e70eb925839938fb35cbe142f317ec84af6844ee61513713bb13c0',
        572_611_111,
      ),
      ...cudaWheels,
    ],
    unpackedSize: 5.5e9,
  }),
  'linux-arm64-cpu': build({
    device: 'cpu',
    wheels: [
      wheel(
        'tensorflow',
        'tensorflow-2.21.0-cp312-cp312-manylinux_2_27_aarch64.whl',
        'b07d15737406533898e36c7ef7944b1be18e9028dc521b9229952c537bbc5552',
        281_946_471,
      ),
    ],
    unpackedSize: 915e6,
  }),
}

/**
 * The build for a machine: the one that `GAUNTLET_ENGINE` (`cpu` or `cuda`) names, else that for CUDA where there is an
 * NVIDIA driver, else that for the CPU. `undefined` where there is no such build.
 * @param {object} [machine]
 * @param {string} [machine.platform]
 * @param {string} [machine.arch]
 * @param {NodeJS.ProcessEnv} [machine.environment]
 * @param {() => boolean} [machine.hasNvidiaDriver]
 * @returns {EngineBuild | undefined}
 */
export function chooseEngineBuild(machine = {}) {
  const {
    platform = process.platform,
    arch = process.arch,
    environment = process.env,
    hasNvidiaDriver = nvidiaDriver,
  } = machine
  const asked = environment['GAUNTLET_ENGINE']
  const cuda = asked ? asked === 'cuda' : hasNvidiaDriver() && `${platform}-${arch}-cuda` in builds
  return builds[`${platform}-${arch}-${cuda ? 'cuda' : 'cpu'}`]
}

/** Whether the kernel has the driver. `nvidia-smi` may be missing where it has, and be there where it has not. */
function nvidiaDriver() {
  return existsSync('/proc/driver/nvidia/version') || existsSync('/dev/dxg') // the second is a GPU under WSL 2
}

/**
 * The headers of TensorFlow's C interface and of its allocators, and those that they include. Some headers of Eigen
 * have no extension.
 */
const headers =
  /^tensorflow\/include\/((tensorflow\/(c|core\/platform)|tsl\/platform|xla\/tsl\/(c|framework|platform)|absl|ml_dtypes)\/.*\.(h|inc)|Eigen\/.*)$/

/**
 * The path of a wheel's file in the engine's folder; `undefined` for a file that is not needed. The libraries look for
 * CUDA in `../nvidia` beside them, so every file keeps the path it has in its wheel.
 * @param {string} member
 */
export function engineFile(member) {
  if (/^tensorflow\/libtensorflow_(cc|framework)\.so\.2$/.test(member)) return member
  if (headers.test(member)) return member
  if (/^nvidia\/[^/]+\/lib\/.*\.so[.\d]*$/.test(member)) return member
  if (/^nvidia\/cuda_nvcc\/(bin\/ptxas|bin\/nvlink|nvvm\/libdevice\/.*)$/.test(member)) return member
  return undefined
}

/**
 * @param {Omit<EngineBuild, 'name'>} parts
 * @returns {EngineBuild}
 */
function build(parts) {
  const digest = createHash('sha256')
    .update(parts.wheels.map(({ sha256 }) => sha256).join())
    .digest('hex')
  return { name: `${engineVersion}-${parts.device}-${digest.slice(0, 12)}`, ...parts }
}

/**
 * @param {string} project
 * @param {string} file
 * @param {string} sha256
 * @param {number} size
 * @returns {Wheel}
 */
function wheel(project, file, sha256, size) {
  return { project, file, sha256, size }
}
