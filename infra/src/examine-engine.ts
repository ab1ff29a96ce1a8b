import { dirname, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { engineVersion, chooseEngineBuild } from '../setup/engine-builds.mjs'
import { engineFolder, engineIsPresent } from '../setup/engine.mjs'
import { adviceFor, proveEngine, type ProvenEngine } from '../setup/prove-engine.mjs'
import type { Part } from './part.ts'

/** The root of the checkout that this file is in. */
export const checkout = resolve(dirname(fileURLToPath(import.meta.url)), '../..')

/** The tensor runtime: whether it computes, its version and the device it computes on. */
export async function examineEngine(root = checkout): Promise<Part> {
  const part = 'engine'
  const build = chooseEngineBuild()
  if (!build)
    return {
      part,
      state: 'wrong',
      fix: `There is no libtensorflow for ${process.platform}-${process.arch}; use Linux.`,
    }
  const where = engineFolder(build)
  if (!engineIsPresent(root)) {
    return {
      part,
      state: 'missing',
      fix: 'Run `npm run set-up`, which fetches libtensorflow and compiles its binding.',
    }
  }
  const proof = await proveEngine(root)
  if ('reason' in proof) return { part, state: 'wrong', where, fix: adviceFor(proof.reason, where) }
  return assessEngine(proof, build.device, where)
}

function assessEngine({ libtensorflow, isUsingGpu }: ProvenEngine, device: 'cpu' | 'cuda', where: string): Part {
  const version = `libtensorflow ${libtensorflow}, ${isUsingGpu ? 'CUDA' : 'CPU'}`
  if (libtensorflow !== engineVersion) {
    return {
      part: 'engine',
      state: 'wrong',
      version,
      where,
      fix: `Version ${engineVersion} is wanted; run \`npm run set-up\`.`,
    }
  }
  if (device === 'cuda' && !isUsingGpu) {
    const fix = 'It does not see the GPU; update the NVIDIA driver (525 or newer), or set GAUNTLET_ENGINE=cpu.'
    return { part: 'engine', state: 'wrong', version, where, fix }
  }
  return { part: 'engine', state: 'ok', version, where }
}
