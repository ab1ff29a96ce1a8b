import type { ArtifactStore } from '@gauntlet/artifacts'
import type {
  DescriptionActivities,
  GpuActivities,
  StageCode,
  StageRequest,
  StageResult,
  WorkerDescription,
} from '@gauntlet/contract'
import { encodeManifest, manifestHeader } from '@gauntlet/datasets/manifest'
import { encodeOutcomes, outcomeFacts, outcomesMediaType } from '@gauntlet/evaluation/outcomes'
import { digestOf, type ArtifactsByRole, type DatasetSpecification, type KeyedStage } from '@gauntlet/study'

const environment = { engine: 'none' }
const code = digestOf('no code')
const described = { environment, environmentClass: digestOf(environment) }
const describe = (codes: readonly StageCode[]): WorkerDescription => ({
  ...described,
  host: described,
  codeDigests: Object.fromEntries(codes.map((name) => [name, code])),
})

/** The smallest artifacts with which the ledger worker can do all it does: a dataset of one image, and its outcome. */
async function smallestArtifacts(
  store: ArtifactStore,
  dataset: DatasetSpecification,
): Promise<Record<KeyedStage, ArtifactsByRole>> {
  const bytes = new TextEncoder().encode('empty')
  const empty = await store.put(bytes, 'application/octet-stream')
  const image = { digest: empty.digest, label: 0, offset: 0, length: 1, width: 1, height: 1, encoding: 'rgb8' as const }
  const manifest = encodeManifest({
    ...manifestHeader(dataset),
    images: { digest: empty.digest, length: empty.size },
    duplicatesDropped: { train: 0, validation: 0 },
    splits: { train: [], validation: [], test: [image] },
  })
  const outcome = {
    image: image.digest,
    index: 0,
    label: 0,
    prediction: 0,
    held: true,
    felledBy: null,
    run: null,
    margin: 1,
    distance: null,
  }
  const facts = outcomeFacts({ name: 'clean', evaluator: { name: 'argmax' } })
  return {
    'prepare-dataset': { manifest: await store.put(manifest, 'application/json'), images: empty },
    'pretrain-load': { parameters: empty },
    'fine-tune': { trained: empty },
    checkpoint: { checkpoint: empty },
    'perturb-and-evaluate': { outcomes: await store.put(encodeOutcomes([outcome], facts), outcomesMediaType) },
  }
}

/** The activities of a GPU worker that has nothing to compute. */
export async function emptyStages(
  store: ArtifactStore,
  dataset: DatasetSpecification,
): Promise<{ readonly gpu: GpuActivities; readonly description: DescriptionActivities }> {
  const artifacts = await smallestArtifacts(store, dataset)
  const stage = async ({ identity }: StageRequest<unknown>): Promise<StageResult> => {
    const now = new Date().toISOString()
    const evidence = {
      worker: 'benchmark',
      device: 'none',
      startedAt: now,
      endedAt: now,
      revision: { commit: null, dirty: false },
    }
    const isSource = identity.stage === 'prepare-dataset' || identity.stage === 'pretrain-load'
    const inputs = isSource ? Object.entries(identity.inputs) : []
    const sources = Object.fromEntries(
      inputs.map(([role, digest]) => [role, { digest, size: 1, mediaType: 'text/plain' }]),
    )
    return { sources, generated: artifacts[identity.stage], evidence }
  }
  return {
    gpu: { prepareDataset: stage, pretrainLoad: stage, fineTune: stage, checkpoint: stage, perturbAndEvaluate: stage },
    description: { describeWorker: async (codes) => describe(codes) },
  }
}
