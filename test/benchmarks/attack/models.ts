import type { Ball } from '@gauntlet/attacks'
import { cacheFolder } from '@gauntlet/infra/cache-folder'
import { existsSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import process from 'node:process'
import { fileURLToPath } from 'node:url'
import { robustModels } from '../../parity/attacks/digit-models.ts'
import { linesOf } from './child.ts'
import type { NetworkName } from './networks.ts'

/** A model that is attacked, and the radii at which 25 to 50 % of the images hold, or none. */
interface AttackedModel {
  /** An architecture that both sides have. */
  readonly network: NetworkName
  /** A file of the parity tests, or one in the cache that a script makes at its first use. */
  readonly weights: URL | MadeWeights
  readonly epsilons: Readonly<Record<Ball['norm'], number>>
}

/** `script` is called with `words` and the path to which it writes safetensors. */
interface MadeWeights {
  readonly file: string
  readonly script: string
  readonly words: readonly string[]
}

const { cnn, vit } = robustModels
const plainCnn = { file: 'plain_digits.safetensors', script: 'pytorch_side.py', words: ['--train'] }
const lite0 = (loss: string, file: string) => ({ file, script: 'train-lite0.ts', words: [loss] })

/**
 * The CNN and the ViT have at most 60,000 parameters; Lite0 is the quickstart's backbone, and regnetx one that nobody
 * had tuned for. The plain models were trained on clean images.
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
  regnetx: {
    network: 'regnetx',
    weights: { file: 'robust_regnetx.safetensors', script: 'train-regnetx.ts', words: [] },
    epsilons: { Linf: 0.25, L2: 3.2, L1: 9 },
  },
  'lite0-plain': {
    network: 'lite0',
    weights: lite0('standard', 'plain_lite0.safetensors'),
    epsilons: { Linf: 4 / 255, L2: 1, L1: 24 },
  },
} as const satisfies Readonly<Record<string, AttackedModel>>

export type ModelName = keyof typeof models

/** The file of a model's weights, which is made where it is missing. */
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
