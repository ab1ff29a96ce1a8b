import { createHash } from 'node:crypto'
import { wheel } from './wheels.mjs'

/**
 * @typedef {import('./wheels.mjs').WheelSet & { readonly name: string }} EngineBuild
 *   name: also the folder in the cache. It contains the digest of the wheels, and is part of the environment class.
 */

/** Version of libtensorflow; all builds have the same. */
export const engineVersion = '2.21.0'

/**
 * Every build, by platform and processor. TensorFlow runs on the CPU everywhere; accelerators have plugins
 * (pjrt-plugins.mjs). @type {Readonly<Record<string, EngineBuild>>}
 */
const builds = {
  'linux-x64': build({
    wheels: [
      wheel(
        'tensorflow-cpu',
        'tensorflow_cpu-2.21.0-cp312-cp312-manylinux_2_27_x86_64.whl',
        'dcc8afd32930e42d5296b6ee19078b773706830af4ea97fbe503b9f5e0f820cb',
        274_000_871,
      ),
    ],
    unpackedSize: 885e6,
  }),
  'linux-arm64': build({
    wheels: [
      wheel(
        'tensorflow',
        'tensorflow-2.21.0-cp312-cp312-manylinux_2_27_aarch64.whl',
        'b07d15737406533898e36c7ef7944b1be18e9028dc521b9229952c537bbc5552',
        281_946_471,
      ),
    ],
    unpackedSize: 925e6,
  }),
}

/**
 * The build for a machine; `undefined` where there is none. @param {{ platform?: string, arch?: string }} [machine]
 * @returns {EngineBuild | undefined}
 */
export function chooseEngineBuild({ platform = process.platform, arch = process.arch } = {}) {
  return builds[`${platform}-${arch}`]
}

/**
 * Of TensorFlow's C interface, of its allocators, of its compiler's messages and of PJRT, and what those include; some
 * headers of Eigen have no extension.
 */
const headers = [
  /^(tensorflow\/(c|core\/platform)|tsl\/platform|xla\/tsl\/(c|framework|platform)|absl|ml_dtypes)\/.*\.(h|inc)$/,
  /^Eigen\/.*$/,
  /^google\/protobuf\/((io|stubs)\/)?[^/]*\.(h|inc)$/,
  /^tensorflow\/(compiler\/tf2xla\/tf2xla|core\/(framework|protobuf)\/\w+)\.pb\.h$/,
  /^xla\/(xla_data|service\/(hlo|metrics))\.pb\.h$/,
  /^xla\/pjrt\/c\/pjrt_c_api\.h$/,
]

const include = 'tensorflow/include/'

/**
 * Where a member of a wheel belongs in the engine's folder; `undefined` for what is not needed. @param {string} member
 */
export function engineFile(member) {
  if (/^tensorflow\/libtensorflow_(cc|framework)\.so\.2$/.test(member)) return member
  const header = member.startsWith(include) ? member.slice(include.length) : ''
  return headers.some((pattern) => pattern.test(header)) ? member : undefined
}

/**
 * @param {Pick<EngineBuild, 'wheels' | 'unpackedSize'>} parts
 * @returns {EngineBuild}
 */
function build(parts) {
  const digest = createHash('sha256')
    .update(parts.wheels.map(({ sha256 }) => sha256).join())
    .digest('hex')
  return { name: `${engineVersion}-cpu-${digest.slice(0, 12)}`, what: 'engine', ...parts }
}
