import type { Ball } from '@gauntlet/attacks'
import { cacheFolder } from '@gauntlet/infra/cache-folder'
import { existsSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import process from 'node:process'
import { fileURLToPath } from 'node:url'
import { robustModels } from '../../parity/attacks/digit-models.ts'
import { linesOf } from './child.ts'
import type { NetworkName } from './networks.ts'

/**
 * What is attacked: an architecture that both sides have, weights, and the radii that leave 25 to 50 % of the images,
 * or none.
 */
interface AttackedModel {
  readonly network: NetworkName
  /** A file that lies with the parity tests, or one in the cache that a script is asked for once. */
  readonly weights: URL | MadeWeights
  readonly epsilons: Readonly<Record<Ball['norm'], number>>
}

/** `script` is given `words` and the path where it is to write safetensors. */
interface MadeWeights {
  readonly file: string
  readonly script: string
  readonly words: readonly string[]
}

const { cnn, vit } = robustModels
const plainCnn = { file: 'plain_digits.safetensors', script: 'pytorch_side.py', words: ['--train'] }
const lite0 = (loss: string, file: string) => ({ file, script: 'train-lite0.ts', words: [loss] })

/**
 * The CNN and the ViT have 60,000 numbers at most; Lite0 is the backbone of the quickstart. The plain ones were trained
 * on clean images.
 */
export const models = {
  robust: { network: 'cnn', ...cnn },
  vit: { network: 'vit', ...vit },
  plain: { network: 'cnn', weights: plainCnn, epsilons: { Linf: 0.3, L2: 4, L1: 40 } },
  lite0: {
    network: 'lite0',
    weights: lite0('Classic AT', 'robust_lite0.safetensors'),
    epsilons: { Linf: 17 / 255, L2: 2.2, L1: 26 },
  },
  'lite0-plain': {
    network: 'lite0',
    weights: lite0('standard', 'plain_lite0.safetensors'),
    epsilons: { Linf: 4 / 255, L2: 1, L1: 24 },
  },
} as const satisfies Readonly<Record<string, AttackedModel>>

export type ModelName = keyof typeof models

/** The file of a model's weights; it is made if it has to be and is not there. */
export async function weightsFile(name: ModelName, python: string): Promise<string> {
  const { weights }: AttackedModel = models[name]
  if (weights instanceof URL) return fileURLToPath(weights)
  const folder = join(cacheFolder(), 'benchmarks', 'attack')
  const file = join(folder, weights.file)
  if (existsSync(file)) return file
  mkdirSync(folder, { recursive: true })
  const script = join(import.meta.dirname, weights.script)
  const program = script.endsWith('.py') ? [python, script] : [process.execPath, '--import', 'tsx', script]
  await linesOf([...program, ...weights.words, file], { threads: 1 })
  return file
}
