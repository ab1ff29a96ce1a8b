import { createHash } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { findProgram, runCommand } from './run-command.mjs'
import { SetUpFailed } from './set-up-failed.mjs'

const ours = join(import.meta.dirname, '..', 'binding')

/**
 * @typedef {{ name: string, source: string, headers: readonly string[], libraries: readonly ('cc' | 'framework')[] }}
 * Addition
 */

/**
 * Our additions to the binding, each a library of its own: the memory of tensors, what is known of a graph without
 * running it, the lowering of a graph to XLA's HLO, and the devices of PJRT. @type {readonly Addition[]}
 */
const additions = [
  { name: 'tensor_memory', source: 'tensor-memory.cc', headers: ['regions.h'], libraries: ['framework'] },
  { name: 'graph_types', source: 'graph-types.cc', headers: [], libraries: ['cc', 'framework'] },
  { name: 'graph_lowering', source: 'graph-lowering.cc', headers: [], libraries: ['cc', 'framework'] },
  { name: 'pjrt', source: 'pjrt.cc', headers: ['pjrt-plugin.h', 'call-arguments.h'], libraries: [] },
]

/** Compiled with the sources of tfjs' binding. */
const sessionSource = join(ours, 'session-options.cc')
const bindingFlags = ['-Wl,--wrap=TF_NewSessionOptions']

/** Flags besides paths; part of the digest that says whether a compiled binding is up to date. */
const flags = ['-std=c++17', '-O2', '-fPIC', '-shared', '-DNAPI_VERSION=8', '-Wl,-rpath,$ORIGIN/tensorflow']

/** Where tfjs keeps its compiled binding, and we ours. @param {string} root */
export function compiledFolder(root) {
  return join(root, 'node_modules', '@tensorflow', 'tfjs-node-gpu', 'lib', 'napi-v8')
}

/**
 * Where tfjs keeps the sources of its binding, and where it looks for the result. @param {string} root of the checkout
 */
export function bindingPlaces(root) {
  const tfjs = join(root, 'node_modules', '@tensorflow', 'tfjs-node-gpu')
  return { sources: join(tfjs, 'binding'), link: join(compiledFolder(root), 'tfjs_binding.node') }
}

/** Our additions: their names in the cache, and where they are linked. @param {string} root */
export function additionPlaces(root) {
  return additions.map((addition) => {
    const hash = createHash('sha256').update(flags.join(' '))
    for (const file of [addition.source, ...addition.headers]) hash.update(readFileSync(join(ours, file)))
    const file = `${addition.name}-${hash.digest('hex').slice(0, 12)}.node`
    return { addition, file, link: join(compiledFolder(root), `${addition.name}.node`) }
  })
}

/**
 * The compiled binding's name in the cache. It bears the digest of what the binding is made of, so that checkouts of
 * different commits share a cache. @param {string} root
 */
export function bindingFile(root) {
  const { sources } = bindingPlaces(root)
  const hash = createHash('sha256')
    .update([...flags, ...bindingFlags].join(' '))
    .update(readFileSync(sessionSource))
  for (const file of readdirSync(sources).sort()) hash.update(file).update(readFileSync(join(sources, file)))
  return `tfjs_binding-${hash.digest('hex').slice(0, 12)}.node`
}

/** The C++ compiler: `CXX`, else the usual names. @param {NodeJS.ProcessEnv} [environment] */
export function findCompiler(environment = process.env) {
  return findProgram(
    [environment['CXX'], 'g++', 'c++', 'clang++'].filter((name) => name !== undefined),
    environment,
  )
}

/** @param {NodeJS.ProcessEnv} [environment] */
export function requireCompiler(environment) {
  const compiler = findCompiler(environment)
  if (!compiler)
    throw new SetUpFailed(
      'No C++ compiler was found; install one (Debian: apt install g++, Fedora: dnf install gcc-c++) or set CXX.',
    )
  return compiler
}

/**
 * @typedef {{ root: string, engine: string, output: string, signal?: AbortSignal | undefined, environment?:
 * NodeJS.ProcessEnv }} Compilation
 *   engine: the folder of the libtensorflow to compile against
 */

/** Compiles one of our additions to `output`. @param {Addition} addition @param {Compilation} compilation */
export async function compileAddition({ source, libraries }, compilation) {
  await compile([join(ours, source)], libraries, compilation)
}

/** Compiles the sources of tfjs' binding to `output`. @param {Compilation} compilation */
export async function compileBinding(compilation) {
  const { sources } = bindingPlaces(compilation.root)
  const inputs = readdirSync(sources)
    .filter((file) => file.endsWith('.cc'))
    .map((file) => join(sources, file))
  await compile([...bindingFlags, sessionSource, ...inputs], ['cc', 'framework'], compilation)
}

/**
 * @param {readonly string[]} inputs @param {readonly ('cc' | 'framework')[]} libraries @param {Compilation} compilation
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
