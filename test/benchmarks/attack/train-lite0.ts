/*
 * Fine-tunes the quickstart's EfficientNet-Lite0 as the quickstart does, but on more digits, and writes its weights:
 *
 *     npx tsx train-lite0.ts 'Classic AT' FILE     (three minutes on one core)
 *     npx tsx train-lite0.ts standard FILE         (the control: a minute)
 *
 * Digits, weights and settings are fixed, so that every run on the same machine gives the same bits.
 */
import { freshHead } from '@gauntlet/backbones'
import { augment } from '@gauntlet/datasets'
import { writeFileAtomically } from '@gauntlet/files'
import { cacheFolder } from '@gauntlet/infra/cache-folder'
import { fetchSource } from '@gauntlet/sources'
import { expandStudy, parseStudy, type Augmentation, type Configuration } from '@gauntlet/study'
import { fineTuneModel, trainableModel } from '@gauntlet/training'
import {
  fromParameters,
  loadStrictly,
  readCheckpoint,
  toParameters,
  writeSafetensors,
  type NamedArray,
} from '@gauntlet/weights'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import process from 'node:process'
import { otherDigits, printingProgress, trainingDataOf } from '../../parity/attacks/training-digits.ts'
import { classes, digitsBackbones } from './digits-backbones.ts'

const { backbone: lite0, model } = digitsBackbones.lite0
const study = new URL('../../../libs/vocabulary/study/studies/quickstart.study.yaml', import.meta.url)
const sources = { cacheFolder: join(cacheFolder(), 'sources') }
/**
 * Every second one of the 9,000 digits that are not attacked is trained on. With the quickstart's 800, too few images
 * hold after Classic AT.
 */
const everySecond = 2

function configurationOf(loss: string): Configuration {
  const { configurations } = expandStudy(parseStudy(readFileSync(study), 'quickstart.study.yaml'))
  const found = configurations.find((one) => one.loss === loss && one.protocol.trains === 'all')
  if (!found)
    throw new RangeError(`The quickstart trains no ${JSON.stringify(loss)}; give a loss of its whole-model protocols.`)
  return found
}

/** The backbone's ImageNet weights with a fresh head. */
async function pretrained({ backbone, seed }: Configuration): Promise<NamedArray[]> {
  const published = lite0.convertCheckpoint(
    readCheckpoint(await fetchSource(backbone.source, backbone.sha256, sources)),
  )
  const head = freshHead(lite0, classes, seed)
  const own = new Set(head.map(({ name }) => name))
  return [...published.filter(({ name }) => !own.has(name)), ...head]
}

async function trained(configuration: Configuration) {
  const { loss, protocol, seed, hyperparameters, dataset } = configuration
  const { specifications } = model
  const digits = (await otherDigits(dataset.resolution, sources.cacheFolder)).filter((_, i) => i % everySecond === 0)
  const { parameters } = await fineTuneModel({
    model: trainableModel(lite0, classes),
    parameters: async () => toParameters(loadStrictly(await pretrained(configuration), specifications), specifications),
    settings: { loss, protocol, seed, hyperparameters },
    training: trainingDataOf(digits, dataset.resolution, (images, digests, epoch) =>
      augmented(images, digests, { augmentation: hyperparameters.augmentation, seed, epoch }),
    ),
    onProgress: printingProgress(),
  })
  return fromParameters(parameters, specifications)
}

/** Images in [0, 1] of whole levels, augmented one by one. */
function augmented(
  images: Float32Array,
  digests: readonly string[],
  { augmentation, ...key }: { augmentation: Augmentation; seed: number; epoch: number },
): Float32Array {
  const levels = Uint8Array.from(images, (value) => Math.round(255 * value))
  const size = levels.length / digests.length
  const into = new Float32Array(levels.length)
  for (const [i, digest] of digests.entries())
    augment(
      levels.subarray(i * size, (i + 1) * size),
      digest,
      augmentation,
      key,
      into.subarray(i * size, (i + 1) * size),
    )
  return into
}

const [loss, file] = process.argv.slice(2)
await writeFileAtomically(file!, writeSafetensors(await trained(configurationOf(loss!)), { format: 'pt' }))
