import type { ArtifactStore } from '@gauntlet/artifacts'
import {
  checkpointIdentity,
  checkpointUses,
  codeOfIdentity,
  environmentOf,
  fineTuneIdentity,
  fineTuneUses,
  perturbAndEvaluateIdentity,
  perturbAndEvaluateUses,
  prepareDatasetIdentity,
  pretrainLoadIdentity,
  pretrainLoadInputOf,
  stageCodesOf,
  type EvaluatedPerturbation,
  type LedgerActivities,
  type WorkerDescription,
} from '@gauntlet/contract'
import { encodeManifest, manifestHeader } from '@gauntlet/datasets/manifest'
import { encodeOutcomes, outcomeFacts, outcomesMediaType } from '@gauntlet/evaluation/outcomes'
import { defaultPool } from '@gauntlet/contract'
import type { LedgerDatabase } from '@gauntlet/ledger'
import {
  configurationId,
  digestOf,
  digestOfBytes,
  expandStudy,
  parseStudy,
  stageKey,
  studyId,
  type ArtifactReference,
  type ArtifactsByRole,
  type Configuration,
  type DatasetSpecification,
  type Digest,
  type Expansion,
  type Perturbation,
  type StageIdentity,
} from '@gauntlet/study'
import { createLedgerActivities } from './index.ts'

export { createLedgerActivities }

/** A study whose stages nobody computed, recorded by the ledger's own activities as its workflows call them. */
export interface RecordedStudy extends Expansion {
  readonly id: Digest
  readonly name: string
  readonly worker: WorkerDescription
}

/** The activities by which stages and numbers are recorded. */
export type Recording = Pick<LedgerActivities, 'beginStage' | 'fulfil' | 'aggregate'>

/** What is recorded. */
interface RecordedParts {
  readonly text: string
  /** Test images of every dataset. */
  readonly images: number
  /** Stands for the sources of the stages: another text makes other bundles, and so other keys. */
  readonly code?: string
  readonly environment?: { readonly [field: string]: string | number }
  /** What records stages and numbers; the ledger's own activities unless given. */
  readonly recording?: Recording
  /** Configurations that are recorded already, by their ids. */
  readonly known?: ReadonlySet<Digest>
  /** Configurations that are recorded at the same time. */
  readonly parallel?: number
  /** Asked before each configuration; where it says no, the rest is not recorded. */
  readonly goesOn?: () => boolean
  readonly onConfiguration?: (done: number, total: number) => void
}

const defaultCode = 'code'
const defaultEnvironment = { precision: 'float32', threads: 1 }

/** Records a study with invented bytes: every stage begun and fulfilled, every number counted from outcomes. */
export async function recordWholeStudy(
  db: LedgerDatabase,
  store: ArtifactStore,
  { text, images, code = defaultCode, environment = defaultEnvironment, ...options }: RecordedParts,
): Promise<RecordedStudy> {
  const study = parseStudy(text, 'recorded.study.yaml')
  const expansion = expandStudy(study)
  const activities = createLedgerActivities(db, store)
  const file = await store.put(Buffer.from(text), 'application/yaml')
  const worker = recordedWorker(expansion, code, environment)
  for (const name of Object.keys(worker.codeDigests)) await store.put(sourceOf(name, code), 'text/javascript')
  await activities.recordStudy({ studyId: studyId(study), file })
  await activities.recordPool({ pool: defaultPool, description: worker })
  const recorder = new Recorder(options.recording ?? activities, store, worker, images)
  const { known = new Set() } = options
  const open = expansion.configurations.filter((configuration) => !known.has(configurationId(configuration)))
  let done = expansion.configurations.length - open.length
  const work = async () => {
    for (let next = open.shift(); next && options.goesOn?.() !== false; next = open.shift()) {
      await recorder.configuration(next, expansion.perturbations)
      options.onConfiguration?.(++done, expansion.configurations.length)
    }
  }
  await Promise.all(Array.from({ length: options.parallel ?? 1 }, work))
  return { ...expansion, id: studyId(study), name: study.name, worker }
}

/** The workers that recorded a study of these configurations. */
export function recordedWorker(
  { configurations, perturbations }: Pick<Expansion, 'configurations' | 'perturbations'>,
  code = defaultCode,
  environment: RecordedParts['environment'] = defaultEnvironment,
): WorkerDescription {
  const names = stageCodesOf(configurations, perturbations)
  const host = { platform: 'simulated' }
  return {
    environment,
    environmentClass: digestOf(environment),
    host: { environment: host, environmentClass: digestOf(host) },
    codeDigests: Object.fromEntries(names.map((name) => [name, digestOfBytes(sourceOf(name, code))])),
  }
}

function sourceOf(name: string, code: string): Uint8Array {
  return Buffer.from(`// ${name}: ${code}`)
}

class Recorder {
  private readonly shared = new Map<Digest, Promise<ArtifactsByRole>>()
  private readonly templates = new Map<string, { readonly bytes: Uint8Array; readonly offset: number }>()
  private runs = 0

  constructor(
    private readonly activities: Recording,
    private readonly store: ArtifactStore,
    private readonly worker: WorkerDescription,
    private readonly images: number,
  ) {}

  async configuration(configuration: Configuration, perturbations: readonly Perturbation[]): Promise<void> {
    const { worker } = this
    const dataset = await this.stage(prepareDatasetIdentity(worker, configuration.dataset), {}, null, async () => ({
      manifest: await this.manifest(configuration.dataset),
      images: await this.invented('images', configuration.dataset.sha256),
    }))
    const pretrained = await this.stage(
      pretrainLoadIdentity(worker, pretrainLoadInputOf(configuration)),
      {},
      null,
      (key) => this.inventedAs(['parameters', 'changes'], key),
    )
    const training = { configuration, dataset, pretrained, microBatch: configuration.hyperparameters.microBatch }
    const trained = await this.stage(fineTuneIdentity(worker, training), fineTuneUses(training), configuration, (key) =>
      this.inventedAs(['trained', 'history'], key),
    )
    const checking = { configuration, dataset, trained }
    const checkpoint = await this.stage(
      checkpointIdentity(worker, checking),
      checkpointUses(checking),
      configuration,
      (key) => this.inventedAs(['checkpoint', 'sanity'], key),
    )
    const evaluated: EvaluatedPerturbation[] = []
    for (const perturbation of perturbations) {
      const evaluating = { configuration, dataset, checkpoint, perturbation }
      const identity = perturbAndEvaluateIdentity(worker, evaluating)
      const uses = perturbAndEvaluateUses(evaluating)
      const { outcomes } = await this.stage(identity, uses, configuration, async (key) => ({
        outcomes: await this.outcomes(key, perturbation),
      }))
      evaluated.push({ perturbation, stageKey: stageKey(identity), outcomes: outcomes! })
    }
    await this.activities.aggregate({ configuration, dataset, evaluated })
  }

  /** Runs a stage once, however many configurations share it. */
  private stage(
    identity: StageIdentity,
    used: ArtifactsByRole,
    configuration: Configuration | null,
    make: (key: Digest) => Promise<ArtifactsByRole>,
  ): Promise<ArtifactsByRole> {
    const key = stageKey(identity)
    const known = this.shared.get(key)
    if (known) return known
    const outputs = this.attempt(identity, used, configuration, make)
    if (configuration === null) this.shared.set(key, outputs)
    return outputs
  }

  private async attempt(
    identity: StageIdentity,
    used: ArtifactsByRole,
    configuration: Configuration | null,
    make: (key: Digest) => Promise<ArtifactsByRole>,
  ): Promise<ArtifactsByRole> {
    const attempt = {
      identity,
      configurationId: configuration && configurationId(configuration),
      attempt: 1,
      workflow: { workflowId: 'configuration/recorded', runId: `run ${++this.runs}` },
      environment: environmentOf(this.worker, identity.stage).environment,
    }
    const startedAt = new Date().toISOString()
    const begun = await this.activities.beginStage({ ...attempt, distrusted: [] })
    if (begun && 'generated' in begun) return begun.generated
    const generated = await make(stageKey(identity))
    const outside = Object.entries(identity.inputs).filter(([role]) => !used[role])
    const sources = {
      ...Object.fromEntries(outside.map(([role, digest]) => [role, { digest, size: 1, mediaType: 'text/plain' }])),
      code: await this.store.put(await this.store.read(this.codeOf(identity)), 'text/javascript'),
    }
    const evidence = {
      worker: 'simulated',
      device: 'simulated#0',
      startedAt,
      endedAt: new Date().toISOString(),
      revision: { commit: null, dirty: false },
    }
    const result = { sources, generated, evidence }
    return (await this.activities.fulfil({ ...attempt, used: { ...used, ...sources }, result })).generated
  }

  private codeOf(identity: StageIdentity): Digest {
    return this.worker.codeDigests[codeOfIdentity(identity)]!
  }

  private invented(role: string, key: Digest): Promise<ArtifactReference> {
    return this.store.put(Buffer.from(`${role} of ${key}`), 'application/octet-stream')
  }

  private async inventedAs(roles: readonly string[], key: Digest): Promise<ArtifactsByRole> {
    const made = await Promise.all(roles.map(async (role) => [role, await this.invented(role, key)] as const))
    return Object.fromEntries(made)
  }

  private manifest(dataset: DatasetSpecification): Promise<ArtifactReference> {
    const test = Array.from({ length: this.images }, (_, index) => ({
      digest: imageDigest(index),
      label: index % dataset.classes,
      offset: index,
      length: 1,
      width: 1,
      height: 1,
      encoding: 'rgb8' as const,
    }))
    const names = Array.from({ length: dataset.classes }, (_, label) => String(label))
    const manifest = encodeManifest({
      ...manifestHeader(dataset, names),
      images: { digest: digestOf('images'), length: this.images },
      duplicatesDropped: { train: 0, validation: 0 },
      splits: { train: [], validation: [], test },
    })
    return this.store.put(manifest, 'application/json')
  }

  /**
   * Outcomes in which the key decides which images hold, in one of 16 ways, and what the margin of the first image is.
   * Files that differ in that margin alone are made of one, which is ten times as fast.
   */
  private async outcomes(key: Digest, perturbation: Perturbation): Promise<ArtifactReference> {
    const pattern = Number.parseInt(key.slice(0, 1), 16)
    const name = `${pattern} ${JSON.stringify(perturbation)}`
    const template = this.templates.get(name) ?? this.outcomesTemplate(pattern, perturbation)
    this.templates.set(name, template)
    const bytes = template.bytes.slice()
    new DataView(bytes.buffer).setFloat32(template.offset, 1 + Number.parseInt(key.slice(1, 7), 16) / 2 ** 24, true)
    return this.store.put(bytes, outcomesMediaType)
  }

  private outcomesTemplate(pattern: number, perturbation: Perturbation) {
    const bytes = Uint8Array.from(encodeOutcomes(this.judged(pattern, perturbation), outcomeFacts(perturbation)))
    const mark = Buffer.alloc(4)
    mark.writeFloatLE(templateMargin)
    const offset = Buffer.from(bytes.buffer).indexOf(mark)
    if (offset < 0 || offset !== Buffer.from(bytes.buffer).lastIndexOf(mark))
      throw new Error('the margin of the first image is not in one place of the outcomes')
    return { bytes, offset }
  }

  private judged(pattern: number, perturbation: Perturbation) {
    let state = pattern * 0x1000_0001
    return Array.from({ length: this.images }, (_, index) => {
      state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
      const held = index === 0 || state > 0x6000_0000
      return {
        image: imageDigest(index),
        index,
        label: index % 10,
        prediction: held ? index % 10 : (index + 1) % 10,
        held,
        felledBy: held ? null : perturbation.name === 'clean' ? 'clean' : 'apgd-ce',
        run: held || perturbation.name === 'clean' ? null : 0,
        margin: index === 0 ? templateMargin : held ? 1 : -1,
        distance: 'epsilon' in perturbation ? perturbation.epsilon : null,
      }
    })
  }
}

/** A margin that stands in no other place of a file. */
const templateMargin = 1.234567

const imageDigests: Digest[] = []

function imageDigest(index: number): Digest {
  return (imageDigests[index] ??= digestOfBytes(Buffer.from(`image ${index}`)))
}
