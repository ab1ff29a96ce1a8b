import type { ArtifactStore } from '@gauntlet/artifacts'
import {
  finishedPointer,
  stageCodesOf,
  type AggregateInput,
  type FailedAttemptInput,
  type FulfilInput,
  type LedgerActivities,
  type Measurement,
  type MissingCellInput,
} from '@gauntlet/contract'
import { parseManifest } from '@gauntlet/datasets/manifest'
import { decodeOutcomes, tally } from '@gauntlet/evaluation/outcomes'
import {
  fulfilExecution,
  fulfilledOutputs,
  outOfMemoryFacts,
  recordAttempt,
  recordFailure,
  recordMeasurement,
  recordPool,
  recordStudy,
  withdrawFulfilment,
  type Attempt,
  type FulfilmentReport,
  type LedgerDatabase,
} from '@gauntlet/ledger'
import {
  configurationId,
  expandStudy,
  parseStudy,
  stageKey,
  type ArtifactReference,
  type ArtifactsByRole,
  type Expansion,
  type Json,
  type Study,
} from '@gauntlet/study'
import { log } from '@temporalio/activity'

interface Dependencies {
  readonly db: LedgerDatabase
  readonly store: ArtifactStore
}

/** The activities of the ledger worker: every one idempotent, because Temporal may run it twice. */
export function createLedgerActivities({ db, store }: Dependencies): LedgerActivities {
  const studies = expandedStudies(store)
  return {
    async recordStudy({ studyId, file }) {
      const { study, text, expansion } = await studies(file)
      const { configurations, perturbations, exclusions } = expansion
      const { name, description, cells } = study
      const document = { name, description, cells, perturbations } as unknown as Json
      await recordStudy(db, {
        id: studyId,
        name,
        document,
        file: text,
        configurations,
        perturbations,
        exclusions: exclusions.map(({ cell, reason }) => ({ cell: { ...cell }, reason })),
      })
    },

    async configurationPage({ file, offset, limit }) {
      const { configurations, perturbations } = (await studies(file)).expansion
      return {
        configurations: configurations.slice(offset, offset + limit),
        perturbations,
        total: configurations.length,
        codes: stageCodesOf(configurations, perturbations),
      }
    },

    async recall({ stageKey }) {
      const generated = await fulfilledOutputs(db, stageKey)
      return generated && (await allIntact(store, generated)) ? { generated } : null
    },

    async fulfil({ identity, configurationId, used, result, ...report }) {
      const attempt = attemptOf(report, result.evidence)
      const outputs = await fulfil(
        { db, store },
        { identity, configurationId, attempt, used, generated: result.generated },
      )
      await store.deletePointer(finishedPointer(stageKey(identity)))
      return { generated: outputs }
    },

    async recordFailedAttempt({ identity, configurationId, failureClass, message, evidence, ...report }) {
      const attempt = attemptOf(report, evidence)
      await recordAttempt(db, { identity, configurationId, attempt, failure: { class: failureClass, message } })
    },

    aggregate: (input) => aggregate(db, store, input),

    async recordMissingCell({ perturbation, stageKey, ...cell }: MissingCellInput) {
      const key = { perturbation: perturbation ?? null, stageKey: stageKey ?? null }
      await recordFailure(db, { ...cell, ...key, evidence: null })
    },

    async outOfMemoryAt({ configuration, environmentClass }) {
      const ranOutAt = await outOfMemoryFacts(db, environmentClass)
      return ranOutAt(configuration)
    },

    async recordPool({ pool, description }) {
      await recordPool(db, pool, description as unknown as Json)
    },
  }
}

/**
 * Records a success. Where another attempt's other bytes stand, they stay, and the worker says so; only if nobody has
 * those bytes any more do the new ones take their place, or the stage would be without a result for ever.
 */
async function fulfil({ db, store }: Dependencies, report: FulfilmentReport): Promise<ArtifactsByRole> {
  const { standing, outputs } = await fulfilExecution(db, report)
  if (standing !== 'contradicted') return outputs
  const key = stageKey(report.identity)
  const what = `${report.identity.stage} ${key}: attempt ${report.attempt.id} made other bytes than the stage was fulfilled with`
  if (await allIntact(store, outputs)) {
    log.warn(`${what}; the first ones stand. This stage is not reproducible.`, {
      generated: report.generated,
      standing: outputs,
    })
    return outputs
  }
  const reason = `${what}, which are lost from the store.`
  log.warn(`${reason} The new ones take their place.`, { generated: report.generated, lost: outputs })
  await withdrawFulfilment(db, key, reason)
  return (await fulfilExecution(db, report)).outputs
}

/**
 * Counts the outcomes of each evaluation against the manifest's test images: each exactly once, or there is no number.
 */
async function aggregate(
  db: LedgerDatabase,
  store: ArtifactStore,
  { configuration, dataset, evaluated }: AggregateInput,
): Promise<Measurement[]> {
  const manifest = parseManifest(await store.read(dataset.manifest!))
  const expected = manifest.splits.test.map(({ digest }) => digest)
  const measurements: Measurement[] = []
  for (const { perturbation, stageKey, outcomes } of evaluated) {
    const { outcomes: judged, facts } = decodeOutcomes(await store.read(outcomes))
    const { correct, total } = tally(judged, expected)
    const measured = {
      configurationId: configurationId(configuration),
      perturbation,
      stageKey,
      outcomesDigest: outcomes.digest,
      evaluator: facts.evaluator,
      flags: facts.evidence.flags,
      correct,
      total,
    }
    await recordMeasurement(db, measured)
    measurements.push({ perturbation, correct, total })
  }
  return measurements
}

async function allIntact(store: ArtifactStore, artifacts: ArtifactsByRole): Promise<boolean> {
  for (const { digest } of Object.values(artifacts)) if ((await store.verify(digest)) !== 'intact') return false
  return true
}

type Report = Pick<FulfilInput, 'attempt' | 'workflow' | 'environment'>

/**
 * One id for one attempt of one workflow run, however often it is reported. A lost worker may not have said who it was.
 */
function attemptOf({ attempt, workflow, environment }: Report, evidence: FailedAttemptInput['evidence']): Attempt {
  const {
    worker = 'unknown',
    device = null,
    startedAt = new Date().toISOString(),
    endedAt = null,
    ...details
  } = evidence
  const id = `${workflow.runId}/${attempt}`
  return { id, number: attempt, worker, device, startedAt, endedAt, ...workflow, environment, details: details as Json }
}

/** Studies by the digest of their file: a study of 1,440 cells is asked for page by page, and expanded once. */
function expandedStudies(store: ArtifactStore) {
  const known = new Map<string, Promise<{ study: Study; text: string; expansion: Expansion }>>()
  const expand = async (file: ArtifactReference) => {
    const bytes = await store.read(file)
    const study = parseStudy(bytes, 'the recorded study file')
    return { study, text: new TextDecoder().decode(bytes), expansion: expandStudy(study) }
  }
  return (file: ArtifactReference) => {
    const expansion = known.get(file.digest) ?? expand(file)
    known.set(file.digest, expansion)
    expansion.catch(() => known.delete(file.digest))
    return expansion
  }
}
