import { openArtifactStore, type ArtifactStore } from '@gauntlet/artifacts'
import {
  defaultPool,
  plan,
  stageCodesOf,
  type PlannedStage,
  type RecallStages,
  type WorkerDescription,
} from '@gauntlet/contract'
import { encodeOutcomes, outcomeFacts, type Outcome } from '@gauntlet/evaluation/outcomes'
import { encodePerturbedImages } from '@gauntlet/evaluation/perturbed-images'
import { recordFailure, recordPool, recordStudy, type LedgerDatabase } from '@gauntlet/ledger'
import { configurationWith } from '@gauntlet/ledger/fixtures/ledger'
import { insertNumbers, insertStages, type SimulatedNumber } from '@gauntlet/ledger/fixtures/planned-ledger'
import {
  backboneIds,
  configurationId,
  digestOf,
  type ArtifactsByRole,
  type Configuration,
  type Digest,
  type Perturbation,
} from '@gauntlet/study'
import { pathToFileURL } from 'node:url'

const attack = { name: 'apgd-ce', iterations: 10, restarts: 1 } as const
const perturbations: readonly Perturbation[] = [
  { name: 'clean', evaluator: { name: 'argmax' } },
  { name: 'Linf', epsilon: 4 / 255, evaluator: attack },
  { name: 'L2', epsilon: 0.5, evaluator: attack },
  { name: 'L1', epsilon: 8, evaluator: attack },
  { name: 'common', evaluator: { name: 'corruptions', portfolio: ['snow', 'fog'], severity: 3 } },
]

/** How large a simulated study is, and what it is called. */
interface Simulation {
  readonly name?: string
  readonly backbones?: number
  readonly datasets?: number
  readonly seeds?: number
  /** Configurations whose evaluations store outcomes and images, so that their pictures can be seen. */
  readonly withPictures?: number
  /** Share of the configurations that have run. */
  readonly done?: number
}

/** What people wrote tries to run scripts, too. */
const planted = {
  owner: '<img src=x onerror="window.stolen = true">',
  labels: ['<script>window.stolen = true</script>', '"onmouseover="window.stolen=true'],
  notes:
    'javascript:window.stolen=true <svg onload=window.stolen=true>\n</td></table><script>window.stolen=true</script>',
}

/** A study with invented numbers, whose keys are those of a plan. */
export interface SimulatedStudy {
  readonly id: Digest
  readonly configurations: readonly Configuration[]
  readonly worker: WorkerDescription
  /** Writes the numbers of the configurations from one place to another, as if they had just been measured. */
  readonly measure: (from: number, to: number) => Promise<void>
}

/** A store of artifacts in a folder. */
export function storeIn(folder: string): ArtifactStore {
  return openArtifactStore(pathToFileURL(folder).href)
}

/** Writes a study into an empty or a used ledger. */
export async function simulateStudy(
  db: LedgerDatabase,
  store: ArtifactStore,
  { name = 'simulated', backbones = 4, datasets = 2, seeds = 1, withPictures = 2, done = 0.8 }: Simulation = {},
): Promise<SimulatedStudy> {
  const configurations = gridOf({ backbones, datasets, seeds })
  const id = digestOf({ name })
  const worker = workerFor(configurations)
  await recordStudy(db, {
    id,
    name,
    document: { name, description: 'Numbers that nobody has measured.' },
    file: `name: ${name}\n`,
    annotations: planted,
    configurations,
    perturbations,
    exclusions: [{ cell: null, reason: 'TRADES with LP-1 was left out' }],
  })
  await recordPool(db, defaultPool, JSON.parse(JSON.stringify(worker)))
  const known = new Map<Digest, ArtifactsByRole>()
  const recall: RecallStages = async (keys) => new Map(keys.map((key) => [key, outputsOf(key, known)] as const))
  const measure = async (from: number, to: number) => {
    const part = configurations.slice(from, to)
    const stages = await plan(part, perturbations, worker, recall)
    const stored = await storeFiles(stages, store, part.slice(0, Math.max(0, withPictures - from)), known)
    await insertStages(
      db,
      stages.map((stage) => simulated(stage, known, stored)),
      { device: 'cpu' },
    )
    await insertNumbers(db, numbersOf(stages, known, stored))
  }
  const measured = Math.floor(configurations.length * done)
  for (let from = 0; from < measured; from += 500) await measure(from, Math.min(from + 500, measured))
  for (const configuration of configurations.slice(measured, measured + 2)) await failing(db, id, configuration)
  return { id, configurations, worker, measure }
}

function gridOf({ backbones, datasets, seeds }: Required<Pick<Simulation, 'backbones' | 'datasets' | 'seeds'>>) {
  const sets = ['digits', 'flowers102', 'pets', 'aircraft', 'caltech101', 'dtd', 'stanford-cars'].slice(0, datasets)
  const protocols = [
    { id: 'FFT-5', trains: 'all', epochs: 5 },
    { id: 'FFT-50', trains: 'all', epochs: 50 },
    { id: 'LP-50', trains: 'head', epochs: 50 },
  ] as const
  return sets.flatMap((dataset) =>
    backboneIds.slice(0, backbones).flatMap((backbone) =>
      protocols.flatMap((protocol) =>
        (['Classic AT', 'TRADES'] as const).flatMap((loss) =>
          Array.from({ length: seeds }, (_, seed): Configuration => {
            const one = configurationWith(seed + 1, backbone)
            return { ...one, dataset: { ...one.dataset, id: dataset }, protocol, loss }
          }),
        ),
      ),
    ),
  )
}

function workerFor(configurations: readonly Configuration[]): WorkerDescription {
  const codes = stageCodesOf(configurations, perturbations)
  const environment = { device: 'cpu of a simulation', libtensorflow: '2.21.0', precision: 'float32' }
  return {
    environment,
    environmentClass: digestOf(environment),
    host: { environment: null, environmentClass: digestOf('host') },
    codeDigests: Object.fromEntries(codes.map((code) => [code, digestOf([code, 'code'])])),
  }
}

const roles = ['manifest', 'images', 'parameters', 'trained', 'history', 'checkpoint', 'outcomes']

/** Outputs in every role, each with a digest that is made of the key: a million of them are needed. */
function outputsOf(key: Digest, known: Map<Digest, ArtifactsByRole>): ArtifactsByRole {
  const artifact = (place: number) => ({
    digest: `${place.toString(16)}${key.slice(1)}` as Digest,
    size: 1_000,
    mediaType: 'application/octet-stream',
  })
  const outputs = known.get(key) ?? Object.fromEntries(roles.map((role, place) => [role, artifact(place)]))
  known.set(key, outputs)
  return outputs
}

const rolesOf: Readonly<Record<string, readonly string[]>> = {
  'prepare-dataset': ['manifest', 'images'],
  'pretrain-load': ['parameters'],
  'fine-tune': ['trained', 'history'],
  checkpoint: ['checkpoint'],
  'perturb-and-evaluate': ['outcomes'],
}

function simulated(
  { stage, stageKey, identity, configurations }: PlannedStage,
  known: ReadonlyMap<Digest, ArtifactsByRole>,
  stored: ReadonlyMap<Digest, ArtifactsByRole>,
) {
  const outputs = known.get(stageKey!)!
  const generated = Object.fromEntries(rolesOf[stage]!.map((role) => [role, outputs[role]!]))
  const used = Object.fromEntries(
    Object.entries(identity!.inputs).map(([role, digest]) => [role, { digest, size: 1_000, mediaType: 'x' }]),
  )
  const isShared = stage === 'prepare-dataset' || stage === 'pretrain-load'
  return {
    stageKey: stageKey!,
    identity: identity!,
    configurationId: isShared ? null : configurationId(configurations[0]!),
    used,
    generated: { ...generated, ...stored.get(stageKey!) },
  }
}

/** Invented accuracies: worse under attack, better with a larger place in the catalogue. */
function numbersOf(
  stages: readonly PlannedStage[],
  known: ReadonlyMap<Digest, ArtifactsByRole>,
  stored: ReadonlyMap<Digest, ArtifactsByRole>,
): SimulatedNumber[] {
  return stages.flatMap(({ perturbation, stageKey, configurations: [configuration] }) => {
    if (!perturbation || !configuration) return []
    const chance = Number.parseInt(stageKey!.slice(0, 6), 16) / 0x1000000
    const strength = (backboneIds.indexOf(configuration.backbone.id) + 1) / backboneIds.length
    const base = { clean: 0.9, Linf: 0.35, L2: 0.45, L1: 0.4, common: 0.7 }[perturbation.name]
    const correct = Math.round(1_000 * Math.min(1, base * (0.5 + 0.4 * strength + 0.2 * chance)))
    const policy = chance > 0.98 ? 'refuse' : chance > 0.94 ? 'mark' : null
    const flags =
      policy && perturbation.name === 'Linf' ? [{ name: 'zero-gradient', value: 0.4, limit: 0.1, policy }] : []
    const files = stored.get(stageKey!)
    const counted = files ? { correct: 3, total: 8 } : { correct, total: 1_000 }
    const { digest } = (files ?? known.get(stageKey!)!)['outcomes']!
    return [
      {
        configuration,
        perturbation,
        stageKey: stageKey!,
        outcomesDigest: digest,
        ...counted,
        flags: flags as SimulatedNumber['flags'],
      },
    ]
  })
}

/** Stores the outcomes and images of the evaluations, and the histories, of some configurations. */
async function storeFiles(
  stages: readonly PlannedStage[],
  store: ArtifactStore,
  configurations: readonly Configuration[],
  known: Map<Digest, ArtifactsByRole>,
): Promise<Map<Digest, ArtifactsByRole>> {
  const stored = new Map<Digest, ArtifactsByRole>()
  const chosen = new Set(configurations)
  for (const { stage, stageKey, perturbation, configurations: served } of stages) {
    if (!served.some((one) => chosen.has(one))) continue
    if (perturbation) stored.set(stageKey!, await storeEvaluation(store, perturbation))
    if (stage === 'fine-tune') {
      const history = await store.put(Buffer.from(JSON.stringify(historyOf(stageKey!))), 'application/json')
      known.set(stageKey!, { ...known.get(stageKey!)!, history })
    }
  }
  return stored
}

const [side, images] = [32, 8]

async function storeEvaluation(store: ArtifactStore, perturbation: Perturbation): Promise<ArtifactsByRole> {
  const outcomes = Array.from({ length: images }, (_, index): Outcome => {
    const held = index < 3
    return {
      image: digestOf(['image', index]),
      index,
      label: index % 10,
      prediction: held ? index % 10 : (index + 1) % 10,
      held,
      felledBy: held ? null : perturbation.name === 'clean' ? 'clean' : 'apgd-ce',
      run: held || perturbation.name === 'clean' ? null : 0,
      margin: held ? 1.5 : -0.5,
      distance: 'epsilon' in perturbation ? perturbation.epsilon : null,
    }
  })
  const kept = outcomes
    .filter(({ held }) => !held)
    .map(({ index }) => {
      const clean = Uint8Array.from({ length: side * side * 3 }, (_, i) => (i * (index + 3)) % 256)
      return {
        index,
        clean,
        perturbed: Float32Array.from(clean, (level, i) => Math.min(1, level / 255 + (i % 5) / 255)),
      }
    })
  const file = await store.put(
    encodeOutcomes(outcomes, outcomeFacts(perturbation)),
    'application/vnd.apache.arrow.file',
  )
  const isSeen = perturbation.name !== 'clean'
  return {
    outcomes: file,
    ...(isSeen ? { images: await store.put(encodePerturbedImages(kept, side), 'application/vnd.safetensors') } : {}),
  }
}

function historyOf(key: Digest) {
  const chance = Number.parseInt(key.slice(0, 6), 16) / 0x1000000
  return Array.from({ length: 12 }, (_, i) => ({
    epoch: i + 1,
    steps: 25 * (i + 1),
    learningRates: { backbone: 1e-3 * Math.cos((i / 12) * 1.5), head: 5e-3 * Math.cos((i / 12) * 1.5) },
    training: { images: 800, loss: 2.3 / (1 + i * (0.2 + chance / 5)), cleanCorrect: null, adversarialCorrect: 60 * i },
    validation: {
      images: 100,
      cleanCorrect: Math.min(98, 20 + 8 * i),
      cleanLoss: 2.2 / (1 + i / 3),
      adversarialCorrect: 4 * i,
      adversarialLoss: 2.4 / (1 + i / 8),
      labelledClasses: 10,
      predictedClasses: 10,
    },
  }))
}

/** A failure of the whole configuration; every second one diverged. The message tries to run a script. */
function failing(db: LedgerDatabase, studyId: Digest, configuration: Configuration): Promise<void> {
  const hasDiverged = configuration.loss === 'TRADES'
  return recordFailure(db, {
    studyId,
    configurationId: configurationId(configuration),
    stage: 'fine-tune',
    stageKey: null,
    perturbation: null,
    failureClass: hasDiverged ? 'Diverged' : 'Bug',
    message: hasDiverged ? 'the loss is NaN at step 12' : 'no <script>window.stolen = true</script> of worker 7',
    evidence: null,
  })
}
