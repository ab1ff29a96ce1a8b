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
  if ('reason' in proof) return { part, state: 'wrong', where, fix: adviceFor(proof, where) }
  return assessEngine(proof, where)
}

function assessEngine({ libtensorflow, accelerator }: ProvenEngine, where: string): Part {
  const device = accelerator ? `${accelerator.device} by PJRT ${accelerator.interface}` : 'CPU'
  const found = {
    part: 'engine',
    version: `libtensorflow ${libtensorflow}, ${device}`,
    where,
    ...(accelerator && { note: `Programs are compiled by the plugin ${accelerator.plugin}.` }),
  }
  if (libtensorflow === engineVersion) return { ...found, state: 'ok' }
  return { ...found, state: 'wrong', fix: `Version ${engineVersion} is wanted; run \`npm run set-up\`.` }
}
