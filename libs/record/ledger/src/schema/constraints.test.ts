import { sql, type SQL } from 'drizzle-orm'
import { beforeAll, expect, it } from 'vitest'
import { configurationId, digestOf } from '@gauntlet/study'
import { fulfilExecution } from '../executions/fulfil-execution.ts'
import {
  artifactOf,
  attemptCalled,
  clean,
  configurationWith,
  fulfilment,
  studyOf,
  useLedger,
} from '../ledger.fixture.ts'
import { recordAttempt } from '../executions/record-attempt.ts'
import { recordMeasurement } from '../record-measurement.fixture.ts'
import { recordStudy } from '../studies/record-study.ts'

const ledger = useLedger()
const configuration = configurationWith(1)
const study = studyOf('constraints', [configuration])
const outcomes = artifactOf('outcomes')
const evaluation = fulfilment('perturb-and-evaluate', { checkpoint: artifactOf('checkpoint') }, { outcomes })

beforeAll(async () => {
  await recordStudy(ledger.db, study)
  await fulfilExecution(ledger.db, evaluation)
  await recordAttempt(ledger.db, {
    ...evaluation,
    attempt: attemptCalled('lost'),
    failure: { class: 'WorkerLost', message: 'gone' },
  })
  const measured = { configurationId: configurationId(configuration), perturbation: clean, stageKey: evaluation.key }
  await recordMeasurement(ledger.db, { ...measured, outcomesDigest: outcomes.digest, correct: 3, total: 4 })
})

const absent = digestOf('nothing has this digest')

it.each<[string, string, SQL]>([
  ['more correct images than images', 'measurement_correct_in_range', sql`update measurement set correct = 5`],
  ['a negative number of correct images', 'measurement_correct_in_range', sql`update measurement set correct = -1`],
  ['a measurement of no image', 'measurement_total_positive', sql`update measurement set correct = 0, total = 0`],
  [
    'a measurement of outcomes that are no known artifact',
    'measurement_outcomes_digest',
    sql`update measurement set outcomes_digest = ${absent}`,
  ],
  ['a measurement by no execution', 'measurement_stage_key', sql`update measurement set stage_key = ${absent}`],
  [
    'a second measurement of the same cell by the same evaluation',
    'measurement_of_evaluation',
    sql`insert into measurement select ${absent}, configuration_id, perturbation_key, stage_key, outcomes_digest, evaluator, 1, 4 from measurement`,
  ],
  [
    'a second fulfilled attempt at a stage',
    'attempt_one_fulfilled',
    sql`update attempt set outcome = 'fulfilled', failure_class = null, generated = '{}'`,
  ],
  [
    'a failed attempt without a class',
    'attempt_failed_has_class',
    sql`update attempt set failure_class = null where id = 'lost'`,
  ],
  [
    'a failed attempt without an end',
    'attempt_ended_unless_running',
    sql`update attempt set ended_at = null where id = 'lost'`,
  ],
  [
    'a success that does not say what it made',
    'attempt_finished_names_artifacts',
    sql`update attempt set generated = null`,
  ],
  [
    'an unknown outcome',
    'attempt_outcome_known',
    sql`update attempt set outcome = 'probably', failure_class = null, generated = '{}'`,
  ],
  ['an attempt numbered 0', 'attempt_number_from_one', sql`update attempt set number = 0`],
  ['a fulfilled stage without a time', 'execution_fulfilled_has_time', sql`update execution set fulfilled_at = null`],
  ['an unknown state', 'execution_state_known', sql`update execution set state = 'done', fulfilled_at = null`],
  [
    'an execution in an unknown environment',
    'execution_environment_class',
    sql`update execution set environment_class = ${absent}`,
  ],
  ['an artifact of negative size', 'artifact_size_not_negative', sql`update artifact set size = -1`],
  [
    'a digest of other characters',
    'artifact_digest_is_digest',
    sql`insert into artifact (digest, size, media_type) values ('ABC', 1, 'x')`,
  ],
  [
    'an edge to an unknown artifact',
    'execution_artifact_digest',
    sql`update execution_artifact set digest = ${absent}`,
  ],
  [
    'an edge of an unknown direction',
    'execution_artifact_direction_known',
    sql`update execution_artifact set direction = 'beside'`,
  ],
  ['two configurations at one position', 'study_configuration_position', secondConfiguration()],
  [
    'a negative radius',
    'perturbation_epsilon_not_negative',
    sql`update perturbation set epsilon = -1 where epsilon > 0`,
  ],
  ['the deletion of an execution that has attempts', 'attempt_stage_key', sql`delete from execution`],
])('refuses %s', async (_, constraint, statement) => {
  const error: unknown = await ledger.db.execute(statement).then(
    () => 'accepted',
    (reason: unknown) => reason,
  )
  expect(error).toMatchObject({ cause: { constraint: expect.stringContaining(constraint) } })
})

function secondConfiguration(): SQL {
  const copy = sql`insert into configuration select ${absent}, dataset, backbone, loss, protocol, seed, document from configuration returning id`
  return sql`with copy as (${copy}) insert into study_configuration select ${study.id}, ${absent}, 0`
}
