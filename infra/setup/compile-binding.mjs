import { createHash } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { findProgram, runCommand } from './run-command.mjs'
import { SetUpFailed } from './set-up-failed.mjs'

/** The source of our own addition to the binding. */
const memorySource = join(import.meta.dirname, 'release-memory.cc')

/** Flags besides paths; part of the digest that says whether a compiled binding is up to date. */
const flags = ['-std=c++17', '-O2', '-fPIC', '-shared', '-DNAPI_VERSION=8', '-Wl,-rpath,$ORIGIN/tensorflow']

/** Where tfjs keeps its compiled binding, and we ours. @param {string} root */
function compiledFolder(root) {
  return join(root, 'node_modules', '@tensorflow', 'tfjs-node-gpu', 'lib', 'napi-v8')
}

/** Where tfjs keeps the sources of its binding, and where it looks for the result. @param {string} root of the checkout */
export function bindingPlaces(root) {
  const tfjs = join(root, 'node_modules', '@tensorflow', 'tfjs-node-gpu')
  return { sources: join(tfjs, 'binding'), link: join(compiledFolder(root), 'tfjs_binding.node') }
}

/** Our addition to the binding, which gives memory back (libs/engine/src/release-memory.ts): its name in the cache, and where it is linked. @param {string} root */
export function memoryPlaces(root) {
  const digest = createHash('sha256').update(flags.join(' ')).update(readFileSync(memorySource)).digest('hex')
  return { name: `release_memory-${digest.slice(0, 12)}.node`, link: join(compiledFolder(root), 'release_memory.node') }
}

/** What a binding is made of. @param {string} root */
export function bindingDigest(root) {
  const { sources } = bindingPlaces(root)
  const hash = createHash('sha256').update(flags.join(' '))
  for (const file of readdirSync(sources).sort()) hash.update(file).update(readFileSync(join(sources, file)))
  return hash.digest('hex')
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
 * @typedef {{ root: string, output: string, signal?: AbortSignal | undefined, environment?: NodeJS.ProcessEnv }} Compilation
 */

/** Compiles our addition to the binding to `output`. @param {Compilation} compilation */
export async function compileMemory(compilation) {
  await compile([memorySource], compilation)
}

/**
 * Compiles the sources of tfjs' binding against the libtensorflow in `engine` to `output`.
 * @param {Compilation & { engine: string }} options
 */
export async function compileBinding({ engine, ...compilation }) {
  const { sources } = bindingPlaces(compilation.root)
  const inputs = readdirSync(sources)
    .filter((file) => file.endsWith('.cc'))
    .map((file) => join(sources, file))
  const libraries = ['cc', 'framework'].map((name) => join(engine, 'tensorflow', `libtensorflow_${name}.so.2`))
  await compile([`-I${join(engine, 'tensorflow', 'include')}`, ...inputs, ...libraries], compilation)
}

/** @param {readonly string[]} inputs @param {Compilation} compilation */
async function compile(inputs, { root, output, signal, environment = process.env }) {
  const compiler = requireCompiler(environment)
  const node = `-I${join(root, 'node_modules', 'node-api-headers', 'include')}`
  const { code, output: said } = await runCommand(compiler, [...flags, node, ...inputs, '-o', output], {
    env: environment,
    signal,
  })
  if (code === 0) return
  if (/No space left on device/.test(said))
    throw new SetUpFailed(`The disk is full while ${compiler} compiles; free some space and start again.`)
  const line = said.split('\n').find((text) => /error/.test(text)) ?? said.trim().split('\n').at(-1)
  throw new SetUpFailed(
    `${compiler} could not compile the engine's binding (${line}); install a compiler that knows C++17, such as g++ 9 or newer.`,
  )
}
