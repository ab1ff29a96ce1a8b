import { openArtifactStore } from '@gauntlet/artifacts'
import { backboneFor, efficientNetModels } from '@gauntlet/backbones'
import {
  checkpointIdentity,
  fineTuneIdentity,
  perturbAndEvaluateIdentity,
  prepareDatasetIdentity,
  pretrainLoadIdentity,
  pretrainLoadInputOf,
  type StageRequest,
  type WorkerDescription,
} from '@gauntlet/contract'
import { sharedFolder } from '@gauntlet/files/fixtures/empty-folder'
import { fetchSource } from '@gauntlet/sources'
import {
  defaultHyperparameters,
  digestOf,
  stageKey,
  type ArtifactsByRole,
  type Configuration,
  type Digest,
  type Perturbation,
  type StageIdentity,
} from '@gauntlet/study'
import { writeSafetensors } from '@gauntlet/weights'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { beforeAll, describe, expect, it } from 'vitest'
import { randomWeights } from '../bench/random-weights.ts'
import type { Stage, StageContext } from '../bundles/bundle-protocol.ts'
import { midStageCheckpoint } from '../stage-progress.ts'
import { checkpoint } from './checkpoint.ts'
import { corruptedEvaluation } from './evaluations/corrupted.ts'
import { linfEvaluation } from './evaluations/linf.ts'
import { fineTune } from './fine-tune.ts'
import { perturbAndEvaluate } from './perturb-and-evaluate.ts'
import { prepareDataset } from './prepare-dataset.ts'
import { pretrainLoad } from './pretrain-load.ts'
import { digitsPackage, writeSource } from './small-sources.fixture.ts'

/*
 * A key must change with everything that can change a result, and with nothing else. Here every stage runs on a small
 * configuration while each field that it reads of its request is noted; then each field is changed, and the keys that
 * change must be those of the stages that read it.
 */

/** What a stage is asked to do. `source` fields are set to files of the test. */
interface Inputs {
  readonly configuration: Configuration
  readonly microBatch: number
  readonly attack: Perturbation
  readonly corruption: Perturbation
}

type StageUnderTest = 'prepare-dataset' | 'pretrain-load' | 'fine-tune' | 'checkpoint' | 'attack' | 'corruption'

/**
 * The fields that a stage reads although they change no result, with the reason. A field that is neither here nor in a
 * key must not be read.
 */
const changesNothing: Readonly<Record<string, string>> = {
  'configuration.dataset.source': 'a place; the bytes are pinned by their digest',
  'configuration.backbone.source': 'a place; the bytes are pinned by their digest',
  'configuration.hyperparameters.checkpointEverySteps': 'a resumed training has the bits of an undisturbed one',
  'configuration.hyperparameters.microBatch': 'the one that was decided is used (`microBatch`)',
  'configuration.hyperparameters.microBatchMayShrink': 'read when the micro-batch is decided, before the stage',
}

/** The fields that only some stages use of what all of them are given. */
const unused: readonly (readonly [StageUnderTest, string])[] = [
  // Every evaluation is told the seed. Attacks draw by it; the random numbers of corruptions are keyed by the image.
  ['corruption', 'configuration.seed'],
  // `protocol.trains` and `epochs` say what is done; the name is written into the checkpoint alone.
  ['fine-tune', 'configuration.protocol.id'],
]

const worker = {
  environmentClass: digestOf('device'),
  environment: null,
  host: { environmentClass: digestOf('host'), environment: null },
  codeDigests: new Proxy({}, { get: (_, code) => digestOf(String(code)) }),
} satisfies WorkerDescription

let inputs: Inputs
let outputs: Readonly<Record<StageUnderTest, ArtifactsByRole>>
const fieldsRead = new Map<StageUnderTest, ReadonlySet<string>>()

const folder = sharedFolder()

beforeAll(async () => {
  inputs = inputsIn(folder)
  const { configuration, microBatch, attack, corruption } = inputs
  const models = [efficientNetModels]
  const run = async <Input extends object>(name: StageUnderTest, stage: Stage<Input>, input: Input) => {
    const read = new Set<string>()
    const request = { input: noting(input, read) } as StageRequest<Input>
    const { generated } = await stage(request, contextIn(folder, digestOf(name)))
    fieldsRead.set(name, read)
    return generated
  }
  const { dataset: images, backbone } = configuration
  const dataset = await run('prepare-dataset', prepareDataset, { dataset: images })
  const pretrained = await run('pretrain-load', pretrainLoad(models), { backbone })
  const trained = await run('fine-tune', fineTune(models), { configuration, microBatch, dataset, pretrained })
  const made = await run('checkpoint', checkpoint(models), { configuration, dataset, trained })
  const evaluated = { configuration, dataset, checkpoint: made }
  outputs = {
    'prepare-dataset': dataset,
    'pretrain-load': pretrained,
    'fine-tune': trained,
    checkpoint: made,
    attack: await run('attack', perturbAndEvaluate(models, linfEvaluation), { ...evaluated, perturbation: attack }),
    corruption: await run('corruption', perturbAndEvaluate(models, corruptedEvaluation), {
      ...evaluated,
      perturbation: corruption,
    }),
  }
}, 180_000)

describe('a key', () => {
  it('changes with every field that its stage reads, and with no other', () => {
    const before = keys(inputs)
    const wrong: string[] = []
    for (const field of fieldsOf(inputs)) {
      const after = keys(changed(inputs, field))
      for (const stage of fieldsRead.keys()) {
        const counts = fieldsRead.get(stage)!.has(nameFor(stage, field)) && !(field in changesNothing)
        const used = counts && !unused.some(([one, name]) => one === stage && name === field)
        if ((after[stage] !== before[stage]) === used) continue
        wrong.push(
          `${field} ${used ? 'is read by' : 'is not read by'} ${stage}, whose key ${used ? 'stays' : 'changes'}`,
        )
      }
    }
    expect(wrong).toEqual([])
  })

  it('of fine-tuning does not change with what its loss or its protocol never reads', () => {
    const { configuration } = inputs
    const key = (changes: Partial<Configuration>, hyperparameters: Partial<Configuration['hyperparameters']>) => {
      const other = { ...configuration, ...changes }
      const merged = { ...other, hyperparameters: { ...other.hyperparameters, ...hyperparameters } }
      return keys({ ...inputs, configuration: merged })['fine-tune']
    }
    const classic = { loss: 'Classic AT' } as const
    const probing = { protocol: { id: 'LP-1', trains: 'head', epochs: 1 } } as const
    expect(key(classic, { tradesBeta: 6 })).toBe(key(classic, {}))
    expect(key(probing, { learningRateBackbone: 1, weightDecayBackbone: 1 })).toBe(key(probing, {}))
    expect(key(probing, { learningRateHead: 1 })).not.toBe(key(probing, {}))
  })

  it('of loading weights changes with the classes where the head is kept, and only there', () => {
    const { backbone } = inputs.configuration
    const key = (classes?: number) =>
      stageKey(pretrainLoadIdentity(worker, classes === undefined ? { backbone } : { backbone, classes }))
    expect(new Set([key(), key(2), key(3)]).size).toBe(3)
    expect(key()).toBe(keys(inputs)['pretrain-load'])
  })

  it('of loading weights changes with the side where positions are resized to it, and only there', () => {
    const key = (id: string, resolution: number) => {
      const { backbone, dataset, protocol, ...rest } = inputs.configuration
      const at = { ...rest, protocol, backbone: { ...backbone, id }, dataset: { ...dataset, resolution } }
      return stageKey(pretrainLoadIdentity(worker, pretrainLoadInputOf(at)))
    }
    const [native, smaller, larger] = [224, 96, 256].map((side) => key('vit_tiny_patch16_224', side))
    expect(new Set([native, smaller, larger]).size).toBe(3)
    expect(native).toBe(stageKey(pretrainLoadIdentity(worker, { backbone: vit() })))
    expect(key('resnet18', 96)).toBe(key('resnet18', 224))
  })

  it('changes with each artifact that its stage reads', () => {
    const before = keys(inputs)
    const affected: Record<string, readonly StageUnderTest[]> = {
      'prepare-dataset manifest': ['fine-tune', 'checkpoint', 'attack', 'corruption'],
      'prepare-dataset images': ['fine-tune', 'checkpoint', 'attack', 'corruption'],
      'pretrain-load parameters': ['fine-tune'],
      'pretrain-load changes': [],
      'fine-tune trained': ['checkpoint'],
      'fine-tune history': [],
      'checkpoint checkpoint': ['attack', 'corruption'],
      'checkpoint sanity': [],
    }
    for (const [name, stages] of Object.entries(affected)) {
      const [stage, role] = name.split(' ') as [StageUnderTest, string]
      const artifact = { ...outputs[stage][role]!, digest: digestOf('other') }
      const after = keys(inputs, { ...outputs, [stage]: { ...outputs[stage], [role]: artifact } })
      const changedKeys = [...fieldsRead.keys()].filter((each) => after[each] !== before[each])
      expect(changedKeys, name).toEqual(stages)
    }
  })

  it('changes with code, environment and seed of its stage', () => {
    const before = keys(inputs)
    const otherDevice = keys(inputs, outputs, { ...worker, environmentClass: digestOf('other') })
    const otherHost = keys(inputs, outputs, {
      ...worker,
      host: { ...worker.host, environmentClass: digestOf('other') },
    })
    const same = (after: typeof before) => [...fieldsRead.keys()].filter((stage) => after[stage] === before[stage])
    expect(same(otherDevice)).toEqual(['prepare-dataset', 'pretrain-load'])
    expect(same(otherHost)).toEqual(['fine-tune', 'checkpoint', 'attack', 'corruption'])
  })
})

function vit() {
  return { ...inputs.configuration.backbone, id: 'vit_tiny_patch16_224' }
}

function keys(
  { configuration, microBatch, attack, corruption }: Inputs,
  made = outputs,
  description: WorkerDescription = worker,
): Record<StageUnderTest, Digest> {
  const dataset = made['prepare-dataset']
  const evaluated = { configuration, dataset, checkpoint: made.checkpoint }
  const identities: Record<StageUnderTest, StageIdentity> = {
    'prepare-dataset': prepareDatasetIdentity(description, configuration.dataset),
    'pretrain-load': pretrainLoadIdentity(description, { backbone: configuration.backbone }),
    'fine-tune': fineTuneIdentity(description, {
      configuration,
      microBatch,
      dataset,
      pretrained: made['pretrain-load'],
    }),
    checkpoint: checkpointIdentity(description, { configuration, dataset, trained: made['fine-tune'] }),
    attack: perturbAndEvaluateIdentity(description, { ...evaluated, perturbation: attack }),
    corruption: perturbAndEvaluateIdentity(description, { ...evaluated, perturbation: corruption }),
  }
  return Object.fromEntries(
    Object.entries(identities).map(([stage, identity]) => [stage, stageKey(identity)]),
  ) as Record<StageUnderTest, Digest>
}

/** The name under which a stage finds a field of `Inputs` in its request. */
function nameFor(stage: StageUnderTest, field: string): string {
  return field.startsWith(`${stage}.`) ? field.replace(stage, 'perturbation') : field
}

/** The paths of all values of an object that are no objects themselves. */
function fieldsOf(value: object, prefix = ''): string[] {
  return Object.entries(value).flatMap(([name, inner]) =>
    typeof inner === 'object' && inner !== null ? fieldsOf(inner as object, `${prefix}${name}.`) : [`${prefix}${name}`],
  )
}

/** A copy in which the value at a path is another one of its kind. */
function changed<Value extends object>(value: Value, path: string): Value {
  const [name, ...rest] = path.split('.') as [keyof Value & string, ...string[]]
  const inner = value[name]
  const other = rest.length > 0 ? changed(inner as object, rest.join('.')) : otherThan(inner, name)
  return { ...value, [name]: other }
}

function otherThan(value: unknown, name: string): unknown {
  if (name === 'sha256') return digestOf('other')
  // These choose the code of a stage, or what else is read.
  if (name === 'loss') return 'Classic AT'
  if (name === 'trains') return 'head'
  if (name === 'inputContract') return 'paper'
  if (typeof value === 'number') return value + 1
  if (typeof value === 'boolean') return !value
  return value === null ? 1 : `${String(value)} other`
}

/**
 * The input of a stage, which notes the path of each value that is read of it. Artifacts are not noted, because they
 * are inputs of a key by their roles.
 */
function noting<Value extends object>(value: Value, read: Set<string>, prefix = ''): Value {
  return new Proxy(value, {
    get(target, name) {
      const inner = Reflect.get(target, name) as unknown
      if (typeof name === 'symbol' || !Object.hasOwn(target, name)) return inner
      const isObject = typeof inner === 'object' && inner !== null
      if (isObject && prefix === '' && isArtifacts(inner)) return inner
      const shared = prefix === '' && (name === 'backbone' || name === 'dataset') // of all stages of a configuration
      const path = `${prefix}${shared ? 'configuration.' : ''}${name}`
      if (isObject) return noting(inner, read, `${path}.`)
      read.add(path)
      return inner
    },
  })
}

function isArtifacts(value: object): boolean {
  return Object.values(value).some((inner) => typeof inner === 'object' && inner !== null && 'mediaType' in inner)
}

function contextIn(folder: string, key: Digest): StageContext {
  const store = openArtifactStore(pathToFileURL(join(folder, 'artifacts')).href)
  const signal = new AbortController().signal
  return {
    store,
    cacheFolder: join(folder, 'cache'),
    signal,
    report: () => undefined,
    fetchSource: (source, sha256) => fetchSource(source, sha256, { cacheFolder: join(folder, 'cache'), signal }),
    progress: midStageCheckpoint(store, key),
  }
}

function inputsIn(folder: string): Inputs {
  const digits = writeSource(folder, 'digits.tgz', digitsPackage())
  const model = backboneFor('tf_efficientnet_lite0.in1k', 'native')
  const weights = writeSafetensors(randomWeights(model.specifications(model.pretrainedClasses)))
  const file = writeSource(folder, 'weights.safetensors', weights)
  const evaluator = { name: 'apgd-ce', iterations: 1, restarts: 1 } as const
  return {
    configuration: {
      dataset: {
        id: 'digits',
        ...digits,
        classes: 10,
        resolution: 32,
        trainImages: 20,
        validationImages: 10,
        testImages: 10,
        splitSeed: 1,
      },
      backbone: { id: 'tf_efficientnet_lite0.in1k', ...file, inputContract: 'native' },
      loss: 'TRADES',
      protocol: { id: 'FFT-1', trains: 'all', epochs: 1 },
      seed: 1,
      hyperparameters: { ...defaultHyperparameters, effectiveBatch: 10, microBatch: 10, attackIterations: 1 },
    },
    microBatch: 5,
    attack: { name: 'Linf', epsilon: 4 / 255, evaluator },
    corruption: { name: 'common', evaluator: { name: 'corruptions', portfolio: ['snow', 'contrast'], severity: 1 } },
  }
}
