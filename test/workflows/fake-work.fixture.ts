import { setTimeout as sleep } from 'node:timers/promises'
import {
  stageCodesOf,
  type BeginStageInput,
  type Begun,
  type DescriptionActivities,
  type FailedAttemptInput,
  type GpuActivities,
  type LedgerActivities,
  type ListedConfiguration,
  type MissingCellInput,
  type StageCode,
  type StageProgress,
  type StageRequest,
  type StageResult,
  type WorkerDescription,
  type WorkerEnvironment,
} from '@gauntlet/contract'
import {
  configurationId,
  digestOf,
  stageKey,
  type ArtifactReference,
  type ArtifactsByRole,
  type Configuration,
  type Digest,
  type KeyedStage,
  type Perturbation,
  type StageName,
} from '@gauntlet/study'
import { ApplicationFailure, Context } from '@temporalio/activity'
import { perturbations } from './cells.fixture.ts'

/** One call of a GPU activity. */
export interface GpuCall {
  readonly stage: KeyedStage
  readonly stageKey: Digest
  readonly attempt: number
  readonly microBatch: number | undefined
  readonly seed: number
  readonly perturbation: string | undefined
  /** The pool whose worker was called, and the environment that the key is of. */
  readonly pool: string
  readonly environmentClass: Digest
  readonly at: number
}

/** An attempt as the ledger was told of it. */
interface FakeAttempt {
  readonly stage: StageName
  readonly key: Digest
  readonly attempt: number
}

/** How a call fails: with a failure of this type, or by heartbeats that stop. */
export type Fault = FailureFault | 'heartbeat-timeout'

interface FailureFault {
  readonly type: string
  readonly message?: string
  readonly lostArtifact?: Digest
}

const roles: Readonly<Record<KeyedStage, readonly string[]>> = {
  'prepare-dataset': ['manifest', 'images'],
  'pretrain-load': ['parameters'],
  'fine-tune': ['trained'],
  checkpoint: ['checkpoint'],
  'perturb-and-evaluate': ['outcomes'],
}

/** The activities of all workers, in memory: they remember their calls, and fail where a test says so. */
export class FakeWork {
  readonly calls: GpuCall[] = []
  readonly fulfilled = new Map<Digest, ArtifactsByRole>()
  /** Keys under which training is known to diverge. */
  readonly diverged = new Set<Digest>()
  /** Configurations whose every number is known. */
  readonly known = new Set<Configuration>()
  /** Artifacts that the workflows asked to be read again. */
  readonly distrusted = new Set<Digest>()
  readonly begun: FakeAttempt[] = []
  readonly cancelled: FakeAttempt[] = []
  readonly failedAttempts: FailedAttemptInput[] = []
  readonly missingCells: MissingCellInput[] = []
  /** How many configurations were asked for by their places, call by call. */
  readonly listings: number[] = []
  readonly studies: Parameters<LedgerActivities['recordStudy']>[0][] = []
  /** The most configurations that were in flight at the same time. */
  mostInFlight = 0
  /** Stands for the sources of the workers; a new value makes new keys. */
  code = 'first'
  /** The micro-batch at which fine-tuning is known to run out of memory. */
  ranOutAt: number | null = null
  /** The pools that have workers. */
  pools: readonly string[] = ['pool']
  /** The pool in which each configuration was placed, by its place in the list; none where nobody declared pools. */
  placeOf: (index: number) => string | undefined = () => undefined
  /** The environments to which declared pools are held. */
  readonly held = new Map<string, WorkerEnvironment>()
  /** Seconds that every attempt says it took. */
  deviceSeconds = 0
  /** Milliseconds a stage takes. */
  duration: (call: GpuCall) => number = () => 0
  /** What a stage waits for before it ends. */
  heldBy: (call: GpuCall) => Promise<void> | undefined = () => undefined
  faultOf: (call: GpuCall) => Fault | undefined = () => undefined
  /** Milliseconds until the ledger answers. */
  ledgerDuration: (activity: keyof LedgerActivities, input: unknown) => number = () => 0
  ledgerFaultOf: (activity: keyof LedgerActivities, input: unknown) => Fault | undefined = () => undefined
  private readonly inFlight = new Set<string>()
  private readonly ending = new AbortController()

  /** What study files list that are not the one of all other studies, by their digests. */
  readonly otherFiles = new Map<Digest, readonly Configuration[]>()

  constructor(readonly configurations: readonly Configuration[]) {}

  private listOf({ digest }: ArtifactReference): readonly ListedConfiguration[] {
    const configurations = this.otherFiles.get(digest) ?? this.configurations
    return configurations.map((configuration, index) => {
      const pool = this.placeOf(index)
      return { index, configuration, ...(pool ? { pool } : {}) }
    })
  }

  private beginOne({ identity, attempt, distrusted }: BeginStageInput): Begun {
    for (const digest of distrusted) this.distrusted.add(digest)
    this.throwFault('beginStage', { identity, attempt })
    const key = stageKey(identity)
    const generated = this.fulfilled.get(key)
    if (generated) return { generated }
    if (this.diverged.has(key)) return { diverged: 'It diverged before.' }
    this.begun.push({ stage: identity.stage, key, attempt })
    return null
  }

  /** Ends every call whose heartbeats have stopped. */
  release(): void {
    this.ending.abort()
  }

  /** Keeps every attempt at this stage from ending until the function that it gives is called. */
  hold(stage: KeyedStage): () => void {
    let letGo = () => {}
    const held = new Promise<void>((resolve) => void (letGo = resolve))
    this.heldBy = (call) => (call.stage === stage ? held : undefined)
    return letGo
  }

  callsOf(stage: KeyedStage, seed?: number): GpuCall[] {
    return this.calls.filter((call) => call.stage === stage && (seed === undefined || call.seed === seed))
  }

  description(codes: readonly StageCode[], pool = 'pool'): WorkerDescription {
    const environment = { engine: pool === 'pool' ? 'none' : `that of ${pool}` }
    const described = { environment, environmentClass: digestOf(environment) }
    const codeDigests = Object.fromEntries(codes.map((code) => [code, digestOf(this.code)]))
    return { ...described, host: described, codeDigests }
  }

  descriptionActivities(): DescriptionActivities {
    return { describeWorker: async (codes) => this.description(codes, poolOfQueue()) }
  }

  gpuActivities(): GpuActivities {
    const stage = (request: StageRequest<unknown>) => this.runStage(request)
    return { prepareDataset: stage, pretrainLoad: stage, fineTune: stage, checkpoint: stage, perturbAndEvaluate: stage }
  }

  ledgerActivities(): LedgerActivities {
    const activities = Object.entries(this.promptLedgerActivities()).map(([name, activity]) => {
      const late = async (input: never) => {
        await sleep(this.ledgerDuration(name as keyof LedgerActivities, input))
        return (activity as (input: never) => Promise<unknown>)(input)
      }
      return [name, late]
    })
    return Object.fromEntries(activities) as LedgerActivities
  }

  private promptLedgerActivities(): LedgerActivities {
    return {
      recordStudy: async (input) => {
        this.studies.push(input)
        this.throwFault('recordStudy', input)
      },
      studyOutline: async ({ file }) => {
        const configurations = this.listOf(file).map(({ configuration }) => configuration)
        const codes = stageCodesOf(configurations, perturbations)
        return { total: configurations.length, perturbations, codes }
      },
      openConfigurations: async ({ file, offset, limit }) => {
        const listed = this.listOf(file)
        const rest = listed.slice(offset).filter(({ configuration }) => !this.known.has(configuration))
        const open = rest.slice(0, limit)
        return { open, next: rest.length > limit ? open.at(-1)!.index + 1 : listed.length }
      },
      listedConfigurations: async ({ file, places }) => {
        this.listings.push(places.length)
        const listed = this.listOf(file)
        return places.map((place) => listed[place]!)
      },
      beginStage: async (input) => this.beginOne(input),
      beginStages: async (inputs) => inputs.map((input) => this.beginOne(input)),
      fulfil: async (input) => {
        this.throwFault('fulfil', input)
        const key = stageKey(input.identity)
        const generated = this.fulfilled.get(key) ?? input.result.generated
        this.fulfilled.set(key, generated)
        return { generated }
      },
      recordFailedAttempt: async (input) => {
        this.failedAttempts.push(input)
        if (input.failureClass === 'Diverged') this.diverged.add(stageKey(input.identity))
      },
      recordCancelledAttempt: async ({ identity, attempt }) =>
        void this.cancelled.push({ stage: identity.stage, key: stageKey(identity), attempt }),
      aggregate: async (input) => {
        this.throwFault('aggregate', input)
        this.inFlight.delete(configurationId(input.configuration))
        return input.evaluated.map(({ perturbation }) => ({ perturbation, correct: 1, total: 2 }))
      },
      recordMissingCell: async (input) => {
        this.missingCells.push(input)
        if (!input.perturbation) this.inFlight.delete(input.configurationId)
      },
      outOfMemoryAt: async () => this.ranOutAt,
      recordPool: async () => undefined,
      poolEnvironment: async ({ pool }) => this.held.get(pool) ?? null,
      holdPool: async ({ pool, environment }) => {
        this.held.set(pool, this.held.get(pool) ?? environment)
        return this.held.get(pool)!
      },
    }
  }

  private throwFault(activity: keyof LedgerActivities, input: unknown): void {
    const fault = this.ledgerFaultOf(activity, input)
    if (!fault || fault === 'heartbeat-timeout') return
    const { type, message = type, lostArtifact } = fault
    const details = lostArtifact ? [{ lostArtifact }] : []
    throw ApplicationFailure.create({ type, message, details, nonRetryable: type !== 'Transient' })
  }

  private async runStage(request: StageRequest<unknown>): Promise<StageResult> {
    const { identity, stageKey: key, attempt } = request
    const { configuration, perturbation, microBatch } = request.input as {
      configuration?: Configuration
      perturbation?: Perturbation
      microBatch?: number
    }
    const startedAt = new Date().toISOString()
    const place = { stage: identity.stage, stageKey: key, attempt, microBatch, seed: identity.seed }
    const ran = { pool: poolOfQueue(), environmentClass: identity.environmentClass }
    const call: GpuCall = { ...place, ...ran, perturbation: perturbation?.name, at: performance.now() }
    this.calls.push(call)
    if (configuration) this.begin(configuration)
    const where = { worker: 'fake worker', device: 'none', startedAt }
    const endedAt = new Date(Date.parse(startedAt) + 1_000 * this.deviceSeconds).toISOString()
    const evidence = { ...where, endedAt, revision: { commit: null, dirty: false } }
    if (identity.codeDigest !== digestOf(this.code)) throw failure({ type: 'WorkerChanged' }, evidence)
    await this.heldBy(call)
    const fault = this.faultOf(call)
    if (fault === 'heartbeat-timeout')
      await this.stopHeartbeating({ ...where, stage: identity.stage, stageKey: key, done: 1, total: 2, unit: 'steps' })
    else if (fault) throw failure(fault, evidence)
    const { cancellationSignal } = Context.current()
    const ms = this.duration(call)
    if (ms > 0) await sleep(ms, undefined, { signal: cancellationSignal }).catch(() => Context.current().cancelled)
    return { sources: sourcesOf(request), generated: artifacts(key, identity.stage), evidence }
  }

  private begin(configuration: Configuration): void {
    this.inFlight.add(configurationId(configuration))
    this.mostInFlight = Math.max(this.mostInFlight, this.inFlight.size)
  }

  /** Sends one heartbeat and then none until the test is over. */
  private async stopHeartbeating(progress: StageProgress): Promise<void> {
    Context.current().heartbeat(progress)
    await sleep(600_000, undefined, { signal: this.ending.signal }).catch(() => undefined)
  }
}

/** The pool whose queue brought the activity that runs. */
function poolOfQueue(): string {
  const { taskQueue } = Context.current().info
  return /^gauntlet-pool-(.*?)(-description)?$/.exec(taskQueue)![1]!
}

function artifacts(key: Digest, stage: KeyedStage): ArtifactsByRole {
  return Object.fromEntries(
    roles[stage].map((role) => [role, { digest: digestOf({ key, role }), size: 1, mediaType: 'text/plain' }]),
  )
}

function sourcesOf({ identity }: StageRequest<unknown>): ArtifactsByRole {
  if (identity.stage !== 'prepare-dataset' && identity.stage !== 'pretrain-load') return {}
  const entries = Object.entries(identity.inputs)
  return Object.fromEntries(entries.map(([role, digest]) => [role, { digest, size: 1, mediaType: 'text/plain' }]))
}

function failure({ type, message = `It was made to fail (${type}).`, lostArtifact }: FailureFault, evidence: object) {
  const details = [{ ...evidence, ...(lostArtifact ? { lostArtifact } : {}) }]
  return ApplicationFailure.create({ type, message, nonRetryable: true, details })
}
