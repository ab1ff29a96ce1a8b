import { duration, observePace } from '@gauntlet/analysis'
import { openArtifactStore, type ArtifactStore } from '@gauntlet/artifacts'
import { judgeReproduction, recordedNumber, type JudgedReproduction } from '@gauntlet/audit'
import type { RecordedNumber, RemadeNumber, ReproduceAnswer, ReproduceRequest } from '@gauntlet/contract'
import { temporaryFolder } from '@gauntlet/files/temporary-folder'
import { recordReproduction, type MeasurementTrace } from '@gauntlet/ledger'
import type { Digest, Json, StageName } from '@gauntlet/study'
import { rmSync } from 'node:fs'
import { pathToFileURL } from 'node:url'
import { compute } from './gpu-process.ts'
import type { LedgerSession } from '../stack/local-ledger.ts'

/** How numbers are computed again. */
export interface ReproductionSettings {
  /** Whether to execute the recorded bundles or those of the present sources. */
  readonly code: ReproduceRequest['code']
  /** Difference of accuracies in [0, 1] that counts as near. */
  readonly tolerance: number
  /** The first stage that is executed. */
  readonly first: StageName
}

/** A number that was computed again, with the number of its row. */
export interface RecordedReproduction extends JudgedReproduction {
  readonly reproduction: number
}

type TracedNumber = RecordedNumber & { readonly trace: MeasurementTrace }

/** Computes these numbers again in a store of their own, and records the verdict of each once it is known. */
export async function runReproduction(
  session: LedgerSession,
  measurementIds: readonly Digest[],
  settings: ReproductionSettings,
): Promise<RecordedReproduction[]> {
  const numbers = await Promise.all(measurementIds.map((id) => recordedNumber(session.db, id, settings.first)))
  const folder = temporaryFolder('gauntlet-reproduce-')
  const scratch = pathToFileURL(folder).href
  const judged: RecordedReproduction[] = []
  /** Why numbers could not be judged. The others are, before the first of these is thrown. */
  const failures: unknown[] = []
  let kept = Promise.resolve()
  const keep = async (remade: RemadeNumber) => {
    const number = numbers.find(({ measurementId }) => measurementId === remade.measurementId)!
    judged.push(await judgeAndRecord(session, number, remade, { ...settings, scratch: openArtifactStore(scratch) }))
  }
  try {
    await computeAgain(session, numbers, { code: settings.code, scratch }, (remade) => {
      kept = kept.then(() => keep(remade)).catch((error: unknown) => void failures.push(error))
    })
    await kept
    if (failures.length > 0) throw failures[0]
    return judged
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

async function judgeAndRecord(
  { db, store }: LedgerSession,
  number: TracedNumber,
  remade: RemadeNumber,
  { code, tolerance, scratch }: ReproductionSettings & { readonly scratch: ArtifactStore },
): Promise<RecordedReproduction> {
  const judged = await judgeReproduction(number, remade, { store, scratch, tolerance })
  const { measurementId, verdict, firstStage } = judged
  const { environment, environmentClass, device } = remade
  const reproduction = await recordReproduction(db, {
    stageKey: number.trace.measurement.stageKey,
    measurementId,
    code,
    verdict,
    firstStage,
    environment,
    environmentClass,
    details: JSON.parse(JSON.stringify({ ...judged, device })) as Json,
  })
  return { ...judged, reproduction }
}

async function computeAgain(
  { settings }: LedgerSession,
  numbers: readonly TracedNumber[],
  { code, scratch }: Pick<ReproduceRequest, 'code' | 'scratch'>,
  onRemade: (remade: RemadeNumber) => void,
): Promise<void> {
  const recorded = numbers.map(({ measurementId, configuration, perturbation, stages }): RecordedNumber => ({
    measurementId,
    configuration,
    perturbation,
    stages,
  }))
  const request: ReproduceRequest = { code, scratch, numbers: recorded, artifacts: settings.artifacts }
  const pace = observePace()
  await compute<ReproduceAnswer>({
    script: 'reproduce/main.ts',
    request,
    variables: { GAUNTLET_CACHE: settings.cache, GAUNTLET_ARTIFACTS: settings.artifacts },
    name: 'The reproduction',
    interrupted: 'Interrupted; what was judged before is recorded.',
    onProgress: ({ remade }) => remade && onRemade(remade),
    progressText({ done, total, stage, share }, seconds) {
      const left = total > 1 ? pace.secondsLeft(total - done, seconds) : null
      const time = left === null || left === 0 ? '' : ` · ${duration(left)} left`
      return `${done}/${total} numbers · ${stage} ${Math.floor(100 * share)} %${time}`
    },
  })
}
