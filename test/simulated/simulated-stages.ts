import type { ArtifactStore } from '@gauntlet/artifacts'
import {
  environmentOf,
  type AttemptEvidence,
  type DescriptionActivities,
  type FailureClass,
  type GpuActivities,
  type StageCode,
  type StageProgress,
  type StageRequest,
  type StageResult,
  type WorkerDescription,
} from '@gauntlet/contract'
import { encodeManifest, manifestHeader } from '@gauntlet/datasets/manifest'
import { encodeOutcomes, outcomeFacts, outcomesMediaType } from '@gauntlet/evaluation/outcomes'
import {
  digestOf,
  digestOfBytes,
  stageCosts,
  type ArtifactsByRole,
  type Configuration,
  type DatasetSpecification,
  type Digest,
  type Perturbation,
} from '@gauntlet/study'
import { ApplicationFailure, CancelledFailure, Context } from '@temporalio/activity'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Simulation } from './simulation.ts'

/*
 * Stages that compute nothing behind the contract of the GPU workers: they take the time, make the artifacts and meet
 * the failures that are declared, by their keys alone. Only tests and benchmarks can reach them.
 */

interface Work {
  readonly request: StageRequest<unknown>
  readonly configuration?: Configuration
  readonly dataset: DatasetSpecification | undefined
  readonly perturbation: Perturbation | undefined
}

/** The activities of a GPU worker that simulates. `worker` names it in evidence. */
export function simulatedStages(
  store: ArtifactStore,
  simulation: Simulation,
  worker: string,
): { readonly gpu: GpuActivities; readonly description: DescriptionActivities } {
  const stage = async (request: StageRequest<unknown>): Promise<StageResult> => {
    const { configuration, dataset, perturbation } = request.input as Partial<Work> & { dataset?: DatasetSpecification }
    const work = { request, ...(configuration ? { configuration } : {}), dataset, perturbation }
    return attempt(store, simulation, worker, work)
  }
  const described = describedWorker(simulation)
  return {
    gpu: { prepareDataset: stage, pretrainLoad: stage, fineTune: stage, checkpoint: stage, perturbAndEvaluate: stage },
    description: { describeWorker: async (codes) => described(codes) },
  }
}

/** The description of the workers of a simulation. */
function describedWorker({
  code = 'simulated',
  worker,
}: Simulation): (codes: readonly StageCode[]) => WorkerDescription {
  if (worker) return () => worker
  const environment = { engine: 'simulated' }
  const described = { environment, environmentClass: digestOf(environment) }
  return (codes) => ({
    ...described,
    host: described,
    codeDigests: Object.fromEntries(codes.map((name) => [name, digestOf([name, code])])),
  })
}

async function attempt(store: ArtifactStore, simulation: Simulation, worker: string, work: Work): Promise<StageResult> {
  const { request } = work
  const { identity, stageKey } = request
  const startedAt = new Date()
  const where = { worker, device: 'simulated', startedAt: startedAt.toISOString() }
  const evidence = (): AttemptEvidence => {
    return { ...where, endedAt: new Date().toISOString(), revision: { commit: null, dirty: false } }
  }
  if (identity.environmentClass !== environmentOf(describedWorker(simulation)([]), identity.stage).environmentClass)
    throw failed('WorkerChanged', 'It was keyed for other workers.', evidence())
  await takeTime(1_000 * secondsOf(simulation, work), evidence, (done, total) => {
    const progress: StageProgress = { ...where, stage: identity.stage, stageKey, done, total, unit: 'steps' }
    Context.current().heartbeat(progress)
  })
  const fault = simulation.faulty ? faultOf(work) : undefined
  if (fault) throw failed(fault, `It was made to fail (${fault}).`, evidence())
  const isSource = identity.stage === 'prepare-dataset' || identity.stage === 'pretrain-load'
  const inputs = isSource ? Object.entries(identity.inputs) : []
  const sources = Object.fromEntries(
    inputs.map(([role, digest]) => [role, { digest, size: 1, mediaType: 'text/plain' }]),
  )
  return { sources, generated: await generatedBy(store, simulation, work), evidence: evidence() }
}

/** How long a stage takes. */
function secondsOf(
  { seconds, secondsPerForward = 0 }: Simulation,
  { request, configuration, perturbation }: Work,
): number {
  const { stage } = request.identity
  const costs = configuration ? stageCosts(configuration, perturbation ? [perturbation] : []) : []
  const forwards = costs.find((cost) => cost.stage === stage)?.forwards ?? 0
  return (seconds?.[stage] ?? 0) + secondsPerForward * forwards
}

/** Waits in steps, each with a heartbeat. A worker that is told to stop is a preemption. */
async function takeTime(
  milliseconds: number,
  evidence: () => AttemptEvidence,
  heartbeat: (done: number, total: number) => void,
): Promise<void> {
  const { cancellationSignal: signal } = Context.current()
  const steps = Math.ceil(milliseconds / 500)
  for (let step = 0; step < steps; step++) {
    heartbeat(step, steps)
    await sleep(Math.min(500, milliseconds), undefined, { signal }).catch(() => undefined)
    if (!signal.aborted) continue
    const reason: unknown = signal.reason
    if (reason instanceof CancelledFailure && reason.message === 'WORKER_SHUTDOWN')
      throw failed('Preempted', 'The worker was told to stop.', evidence())
    throw new CancelledFailure('The stage was cancelled.')
  }
}

/** Failures that pass, one or two at every fourth stage; and by their seeds, configurations that fail for good. */
function faultOf({ request: { stageKey, attempt, identity }, configuration }: Work): FailureClass | undefined {
  const lasting = configuration && lastingFaults[configuration.seed % 100]
  if (lasting && lasting.stage === identity.stage) return lasting.failureClass
  const dice = Number.parseInt(stageKey.slice(0, 8), 16)
  if (attempt > 1 + (dice % 2) || dice % 4 !== 0) return undefined
  const passing = ['Preempted', 'WorkerLost', 'Transient', 'Bug'] as const
  return passing[Math.floor(dice / 8) % passing.length]
}

/** Failures that stay, by the last two digits of the seed. */
export const lastingFaults: Readonly<Record<number, { readonly stage: string; readonly failureClass: FailureClass }>> =
  {
    13: { stage: 'fine-tune', failureClass: 'Diverged' },
    29: { stage: 'perturb-and-evaluate', failureClass: 'OutOfMemory' },
    47: { stage: 'checkpoint', failureClass: 'InvalidInput' },
    71: { stage: 'perturb-and-evaluate', failureClass: 'Bug' },
  }

async function generatedBy(store: ArtifactStore, simulation: Simulation, work: Work): Promise<ArtifactsByRole> {
  const { stageKey, identity } = work.request
  const made = simulation.distinct ? stageKey : 'same'
  const put = (role: string) => store.put(new TextEncoder().encode(`${role} of ${made}`), 'text/plain')
  switch (identity.stage) {
    case 'prepare-dataset':
      return { manifest: await manifestOf(store, simulation, work.dataset!), images: await put('images') }
    case 'pretrain-load':
      return { parameters: await put('parameters') }
    case 'fine-tune':
      return { trained: await put('trained') }
    case 'checkpoint':
      return { checkpoint: await put('checkpoint') }
    case 'perturb-and-evaluate':
      return { outcomes: await outcomesOf(store, simulation, work, made) }
    default:
      throw new Error(`No worker does ${identity.stage}.`)
  }
}

async function manifestOf(store: ArtifactStore, { images }: Simulation, dataset: DatasetSpecification) {
  const test = Array.from({ length: images }, (_, index) => {
    return {
      digest: imageDigest(index),
      label: 0,
      offset: index,
      length: 1,
      width: 1,
      height: 1,
      encoding: 'rgb8' as const,
    }
  })
  const manifest = encodeManifest({
    ...manifestHeader(
      dataset,
      Array.from({ length: dataset.classes }, (_, label) => String(label)),
    ),
    images: { digest: digestOf('images'), length: images },
    duplicatesDropped: { train: 0, validation: 0 },
    splits: { train: [], validation: [], test },
  })
  return store.put(manifest, 'application/json')
}

/** Outcomes in which the key decides which images hold. */
async function outcomesOf(store: ArtifactStore, { images }: Simulation, { perturbation }: Work, made: string) {
  const outcomes = Array.from({ length: images }, (_, index) => {
    const held = Number.parseInt(digestOf([made, index]).slice(0, 8), 16) % 2 === 0
    const felledBy = held ? null : 'apgd-ce'
    return {
      image: imageDigest(index),
      index,
      label: 0,
      prediction: held ? 0 : 1,
      held,
      felledBy,
      run: null,
      margin: held ? 1 : -1,
      distance: null,
    }
  })
  const { name, evaluator } = perturbation!
  return store.put(encodeOutcomes(outcomes, outcomeFacts({ name, evaluator } as Perturbation)), outcomesMediaType)
}

function imageDigest(index: number): Digest {
  return digestOfBytes(Buffer.from(`image ${index}`)) // as recorded studies have them
}

function failed(type: FailureClass, message: string, evidence: AttemptEvidence): ApplicationFailure {
  return ApplicationFailure.create({ type, message, nonRetryable: true, details: [evidence] })
}
