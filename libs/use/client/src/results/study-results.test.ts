import { plan, type PlannedStage, type WorkerDescription } from '@gauntlet/contract'
import { configurations, perturbations, recallWhere, workerWith } from '@gauntlet/contract/fixtures/tiny-plan'
import { perturbationKey, type RecordedFailure, type RecordedMeasurement, type StudyEvidence } from '@gauntlet/ledger'
import { configurationId, digestOf, type Digest } from '@gauntlet/study'
import { expect, it } from 'vitest'
import { resultsOf } from './study-results.ts'

/** The stages as they are planned where everything up to the evaluations is fulfilled. */
function planned(by: WorkerDescription): Promise<PlannedStage[]> {
  return plan(
    configurations,
    perturbations,
    by,
    recallWhere(() => true),
  )
}

/** A number for every evaluation of a plan. */
function measured(plannedStages: readonly PlannedStage[], correct: number, confirmedAt: Date): RecordedMeasurement[] {
  return plannedStages.flatMap(({ stageKey, identity, perturbation, configurations: served }) =>
    perturbation
      ? served.map((configuration) => ({
          measurementId: digestOf([stageKey, perturbation]),
          configurationId: configurationId(configuration),
          perturbationKey: perturbationKey(perturbation),
          evaluator: 'argmax',
          flags: [],
          correct,
          total: 10,
          stageKey: stageKey!,
          outcomesDigest: digestOf([stageKey, 'outcomes']),
          codeDigest: identity!.codeDigest,
          environmentClass: identity!.environmentClass,
          importSeal: null,
          confirmedAt,
        }))
      : [],
  )
}

const evidence = (
  measurements: readonly RecordedMeasurement[],
  failures: readonly RecordedFailure[] = [],
): StudyEvidence => ({
  study: { id: digestOf('tiny'), name: 'tiny', document: null, createdAt: '' },
  rows: configurations.length * perturbations.length,
  configurations: configurations.map((configuration, position) => ({
    position,
    id: configurationId(configuration),
    configuration,
  })),
  perturbations: perturbations.map((perturbation) => ({ key: perturbationKey(perturbation), perturbation })),
  measurements,
  failures,
  exclusions: [],
})

const [float32, bfloat16] = [await planned(workerWith('float32')), await planned(workerWith('bfloat16'))]
const [early, late] = [new Date(1_000), new Date(2_000)]

it('shows the numbers of the keys that a plan makes now, whatever was measured last', () => {
  const all = evidence([...measured(bfloat16, 7, late), ...measured(float32, 5, early)])
  const [first, second] = [resultsOf(all, float32), resultsOf(all, bfloat16)]
  expect(first.rows.map(({ row, correct }) => [row, correct])).toEqual([1, 2, 3, 4].map((row) => [row, 5]))
  expect(second.rows.map(({ correct }) => correct)).toEqual([7, 7, 7, 7])
  expect([first.missing, second.missing]).toEqual([[], []])
  expect(first.older.map(({ row, correct }) => [row, correct])).toEqual([1, 2, 3, 4].map((row) => [row, 7]))
  expect(new Set(second.older.map(({ measurementId }) => measurementId))).toEqual(
    new Set(first.rows.map(({ measurementId }) => measurementId)),
  )
})

it('has no number where only older ones were measured, and lists these apart', async () => {
  const edited = await planned(workerWith('float32', 'edited'))
  const { rows, missing, older } = resultsOf(evidence(measured(float32, 5, early)), edited)
  expect([rows.length, missing.length, older.length]).toEqual([0, 4, 4])
  expect(new Set(missing.map(({ reason }) => reason))).toEqual(
    new Set(['not run yet by this code in this environment']),
  )
  expect(new Set(resultsOf(evidence([]), edited).missing.map(({ reason }) => reason))).toEqual(new Set(['not run yet']))
})

const failure = (stageKey: Digest | null, changes: Partial<RecordedFailure> = {}): RecordedFailure => ({
  configurationId: configurationId(configurations[0]!),
  perturbationKey: null,
  stage: 'fine-tune',
  stageKey,
  failureClass: 'Bug',
  message: 'broken',
  recordedAt: late,
  ...changes,
})
const trainingOf = (stagesOfPlan: readonly PlannedStage[]) =>
  stagesOfPlan.find(({ stage, configurations: [one] }) => stage === 'fine-tune' && one === configurations[0])!.stageKey!

it('gives the failure of a planned stage as the reason, and none of other keys', () => {
  const failures = [failure(trainingOf(bfloat16), { message: 'of bfloat16' }), failure(trainingOf(float32))]
  const { missing } = resultsOf(evidence([], failures), float32)
  expect(missing.map(({ row, failureClass, reason }) => [row, failureClass, reason])).toEqual([
    [1, 'Bug', 'broken'],
    [2, 'Bug', 'broken'],
    [3, null, 'not run yet'],
    [4, null, 'not run yet'],
  ])
})

it('shows a failure that is newer than the number, and not an older one', () => {
  const failures = [failure(trainingOf(float32), { perturbationKey: perturbationKey(perturbations[1]!) })]
  const since = resultsOf(evidence(measured(float32, 5, early), failures), float32)
  expect(since.rows).toHaveLength(4)
  expect(since.failedSince.map(({ row, message }) => [row, message])).toEqual([[2, 'broken']])
  expect(resultsOf(evidence(measured(float32, 5, new Date(3_000)), failures), float32).failedSince).toEqual([])
})
