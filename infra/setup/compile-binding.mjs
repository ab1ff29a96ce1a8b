import { createHash } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { findProgram, runCommand } from './run-command.mjs'
import { SetUpFailed } from './set-up-failed.mjs'

const ours = join(import.meta.dirname, '..', 'binding')

/**
 * A library of ours beside the binding of tfjs.
 * @typedef {object} Addition
 * @property {string} name
 * @property {string} source
 * @property {readonly string[]} headers
 * @property {readonly ('cc' | 'framework')[]} libraries of TensorFlow that it is linked with
 * @property {boolean} [forPlugins] whether only a machine with a PJRT plugin needs it
 */

/**
 * The memory of tensors, the signals of a process that computes, the pixels of images, the types and shapes of a graph
 * without running it, the lowering of a graph to XLA's HLO, and the devices of PJRT.
 * @type {readonly Addition[]}
 */
const additions = [
  { name: 'tensor_memory', source: 'tensor-memory.cc', headers: ['regions.h'], libraries: ['framework'] },
  { name: 'signals', source: 'signals.cc', headers: [], libraries: [] },
  { name: 'image_pixels', source: 'image-pixels.cc', headers: [], libraries: [] },
  { name: 'graph_types', source: 'graph-types.cc', headers: [], libraries: ['cc', 'framework'] },
  {
    name: 'graph_lowering',
    source: 'graph-lowering.cc',
    headers: [],
    libraries: ['cc', 'framework'],
    forPlugins: true,
  },
  { name: 'pjrt', source: 'pjrt.cc', headers: ['pjrt-plugin.h', 'call-arguments.h'], libraries: [], forPlugins: true },
]

/** Compiled with the sources of tfjs' binding. */
const sessionSource = join(ours, 'session-options.cc')
const bindingFlags = ['-Wl,--wrap=TF_NewSessionOptions']

/** Flags of the compiler besides paths: part of the digest that says whether a compiled binding is up to date. */
const flags = [
  '-std=c++17',
  '-O2',
  '-fPIC',
  '-shared',
  '-ffp-contract=off',
  '-DNAPI_VERSION=8',
  '-Wl,-rpath,$ORIGIN/tensorflow',
]

/**
 * The folder with the compiled binding of tfjs and our additions.
 * @param {string} root of the checkout
 */
export function compiledFolder(root) {
  return join(root, 'node_modules', '@tensorflow', 'tfjs-node-gpu', 'lib', 'napi-v8')
}

/**
 * The folder with the sources of tfjs' binding, and the path at which tfjs looks for the compiled one.
 * @param {string} root of the checkout
 */
export function bindingPlaces(root) {
  const tfjs = join(root, 'node_modules', '@tensorflow', 'tfjs-node-gpu')
  return { sources: join(tfjs, 'binding'), link: join(compiledFolder(root), 'tfjs_binding.node') }
}

/**
 * Our additions: their file names in the cache, and the paths at which they are linked.
 * @param {string} root of the checkout
 * @param {boolean} [withPlugins] whether those are among them that reach PJRT plugins
 */
export function additionPlaces(root, withPlugins = false) {
  const needed = additions.filter(({ forPlugins }) => withPlugins || !forPlugins)
  return needed.map((addition) => {
    const hash = createHash('sha256').update(flags.join(' '))
    for (const file of [addition.source, ...addition.headers]) hash.update(readFileSync(join(ours, file)))
    const file = `${addition.name}-${hash.digest('hex').slice(0, 12)}.node`
    return { addition, file, link: join(compiledFolder(root), `${addition.name}.node`) }
  })
}

/**
 * The compiled binding's name in the cache. It contains the digest of everything that the binding is compiled from, so
 * that checkouts of different commits share a cache.
 * @param {string} root of the checkout
 */
export function bindingFile(root) {
  const { sources } = bindingPlaces(root)
  const hash = createHash('sha256')
    .update([...flags, ...bindingFlags].join(' '))
    .update(readFileSync(sessionSource))
  for (const file of readdirSync(sources).sort()) hash.update(file).update(readFileSync(join(sources, file)))
  return `tfjs_binding-${hash.digest('hex').slice(0, 12)}.node`
}

/**
 * The path of the C++ compiler: `CXX`, else one of the usual names.
 * @param {NodeJS.ProcessEnv} [environment]
 */
export function findCompiler(environment = process.env) {
  return findProgram(
    [environment['CXX'], 'g++', 'c++', 'clang++'].filter((name) => name !== undefined),
    environment,
  )
}

/**
 * The path of the C++ compiler. Throws `SetUpFailed` where there is none.
 * @param {NodeJS.ProcessEnv} [environment]
 */
export function requireCompiler(environment) {
  const compiler = findCompiler(environment)
  if (!compiler)
    throw new SetUpFailed(
      'No C++ compiler was found; install one (Debian: apt install g++, Fedora: dnf install gcc-c++) or set CXX.',
    )
  return compiler
}

/**
 * @typedef {object} Compilation
 * @property {string} root of the checkout
 * @property {string} engine the folder of the libtensorflow to compile against
 * @property {string} output path of the compiled library
 * @property {AbortSignal | undefined} [signal]
 * @property {NodeJS.ProcessEnv} [environment]
 */

/**
 * Compiles one of our additions.
 * @param {Addition} addition
 * @param {Compilation} compilation
 */
export async function compileAddition({ source, libraries }, compilation) {
  await compile([join(ours, source)], libraries, compilation)
}

/**
 * Compiles the sources of tfjs' binding.
 * @param {Compilation} compilation
 */
export async function compileBinding(compilation) {
  const { sources } = bindingPlaces(compilation.root)
  const inputs = readdirSync(sources)
    .filter((file) => file.endsWith('.cc'))
    .map((file) => join(sources, file))
  await compile([...bindingFlags, sessionSource, ...inputs], ['cc', 'framework'], compilation)
}

/**
 * @param {readonly string[]} inputs
 * @param {readonly ('cc' | 'framework')[]} libraries
 * @param {Compilation} compilation
 */
async function compile(inputs, libraries, { root, engine, output, signal, environment = process.env }) {
  const compiler = requireCompiler(environment)
  const options = [
    ...flags,
    `-I${join(root, 'node_modules', 'node-api-headers', 'include')}`,
    '-isystem',
    join(engine, 'tensorflow', 'include'),
    ...inputs,
    ...libraries.map((name) => join(engine, 'tensorflow', `libtensorflow_${name}.so.2`)),
    '-o',
    output,
  ]
  const { code, output: said } = await runCommand(compiler, options, { env: environment, signal })
  if (code === 0) return
  if (/No space left on device/.test(said))
    throw new SetUpFailed(`The disk is full while ${compiler} compiles; free some space and start again.`)
  const line = said.split('\n').find((text) => /error/.test(text)) ?? said.trim().split('\n').at(-1)
  throw new SetUpFailed(
    `${compiler} could not compile the engine's binding (${line}); install a compiler that knows C++17, such as g++ 9 or newer.`,
  )
}
