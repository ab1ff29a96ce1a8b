import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { additionPlaces, bindingPlaces } from '../setup/compile-binding.mjs'
import { engineVersion, chooseEngineBuild } from '../setup/engine-builds.mjs'
import { engineFolder } from '../setup/engine.mjs'
import { runCommand } from '../setup/run-command.mjs'
import type { Part } from './part.ts'

/** A script that loads the engine and prints what it found in one line of JSON. It runs in a process that may crash. */
const engineScript = (root: string) => `
  ${additionLinks(root)
    .map((link) => `require(${JSON.stringify(link)})`)
    .join('\n  ')}
  const backend = require('@tensorflow/tfjs-node-gpu').backend()
  console.log(JSON.stringify({ version: backend.binding.TF_Version, gpu: Boolean(backend.isUsingGpuDevice) }))`

/** The tensor runtime: whether it loads, its version and the device it computes on. */
export async function examineEngine(root: string): Promise<Part> {
  const part = 'engine'
  const build = chooseEngineBuild()
  if (!build)
    return {
      part,
      state: 'wrong',
      fix: `There is no libtensorflow for ${process.platform}-${process.arch}; use Linux.`,
    }
  const where = engineFolder(build)
  if (
    ![bindingPlaces(root).link, ...additionLinks(root), join(where, 'tensorflow')].every((path) => existsSync(path))
  ) {
    return {
      part,
      state: 'missing',
      fix: 'Run `npm run set-up`, which fetches libtensorflow and compiles its binding.',
    }
  }
  const env = { ...process.env, TF_CPP_MIN_LOG_LEVEL: '3' }
  const { code, output } = await runCommand(process.execPath, ['-e', engineScript(root)], { cwd: root, env })
  const answer = /^\{.*\}$/m.exec(output)?.[0]
  if (code !== 0 || !answer) {
    return {
      part,
      state: 'wrong',
      where,
      fix: `It does not load (${loadError(output)}); delete ${where} and run \`npm run set-up\`.`,
    }
  }
  return assessEngine(JSON.parse(answer) as { version: string; gpu: boolean }, build.device, where)
}

/** Our additions. The memory of tensors is first, because it must be loaded before TensorFlow makes a tensor. */
function additionLinks(root: string): string[] {
  return additionPlaces(root).map(({ link }) => link)
}

function assessEngine(found: { version: string; gpu: boolean }, device: 'cpu' | 'cuda', where: string): Part {
  const version = `libtensorflow ${found.version}, ${found.gpu ? 'CUDA' : 'CPU'}`
  if (found.version !== engineVersion) {
    return {
      part: 'engine',
      state: 'wrong',
      version,
      where,
      fix: `Version ${engineVersion} is wanted; run \`npm run set-up\`.`,
    }
  }
  if (device === 'cuda' && !found.gpu) {
    const fix = 'It does not see the GPU; update the NVIDIA driver (525 or newer), or set GAUNTLET_ENGINE=cpu.'
    return { part: 'engine', state: 'wrong', version, where, fix }
  }
  return { part: 'engine', state: 'ok', version, where }
}

function loadError(output: string): string {
  return /^\w*Error: (.+)$/m.exec(output)?.[1] ?? 'it ended without a message'
}
