import { createHash } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { findProgram, runCommand } from './run-command.mjs'
import { SetUpFailed } from './set-up-failed.mjs'

const ours = join(import.meta.dirname, '..', 'binding')

/** Our own addition to the binding: what is compiled, and what that includes. */
const memorySource = join(ours, 'tensor-memory.cc')
const memoryHeader = join(ours, 'regions.h')

/** Compiled with the sources of tfjs' binding. */
const sessionSource = join(ours, 'session-options.cc')
const bindingFlags = ['-Wl,--wrap=TF_NewSessionOptions']

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

/** Our addition to the binding, the memory of tensors (libs/engine/src/tensor-memory.ts): its name in the cache, and where it is linked. @param {string} root */
export function memoryPlaces(root) {
  const hash = createHash('sha256').update(flags.join(' ')).update(readFileSync(memorySource)).update(readFileSync(memoryHeader))
  return { name: `tensor_memory-${hash.digest('hex').slice(0, 12)}.node`, link: join(compiledFolder(root), 'tensor_memory.node') }
}

/** What a binding is made of. @param {string} root */
export function bindingDigest(root) {
  const { sources } = bindingPlaces(root)
  const hash = createHash('sha256')
    .update([...flags, ...bindingFlags].join(' '))
    .update(readFileSync(sessionSource))
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
 * @typedef {{ root: string, engine: string, output: string, signal?: AbortSignal | undefined, environment?: NodeJS.ProcessEnv }} Compilation
 *   engine: the folder of the libtensorflow to compile against
 */

/** Compiles our addition to the binding to `output`. @param {Compilation} compilation */
export async function compileMemory(compilation) {
  await compile([memorySource], ['framework'], compilation)
}

/** Compiles the sources of tfjs' binding to `output`. @param {Compilation} compilation */
export async function compileBinding(compilation) {
  const { sources } = bindingPlaces(compilation.root)
  const inputs = readdirSync(sources)
    .filter((file) => file.endsWith('.cc'))
    .map((file) => join(sources, file))
  await compile([...bindingFlags, sessionSource, ...inputs], ['cc', 'framework'], compilation)
}

/** @param {readonly string[]} inputs @param {readonly ('cc' | 'framework')[]} libraries @param {Compilation} compilation */
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
