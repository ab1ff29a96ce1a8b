import type { FailureClass } from '@gauntlet/contract'
import type { SimulatedHome } from '../simulated/simulated-home.ts'
import type { SimulatedStudy } from '../simulated/simulated-study.ts'

/** What must be the same however a study ran: each number with its key, and why the others are missing. */
export async function rowsOf(home: SimulatedHome, study: SimulatedStudy) {
  return home.withLedger(async (db) => {
    const { rows: numbers } = await db.execute(
      `select m.id, m.stage_key, m.outcomes_digest, m.correct, m.total from measurement m
       join study_configuration s on s.configuration_id = m.configuration_id where s.study_id = '${study.id}' order by m.id`,
    )
    const { rows: missing } = await db.execute(
      `select distinct f.configuration_id, f.perturbation_key, f.stage, f.failure_class from configuration_failure f
       where f.study_id = '${study.id}' order by 1, 2, 3`,
    )
    return { numbers, missing }
  })
}

interface Tried {
  readonly stage: string
  readonly stage_key: string
  readonly run_id: string
  readonly failure_class: FailureClass | null
  readonly outcome: string
  readonly count: number
}

/** Attempts of every stage in every run, counted by outcome and class. */
export function attemptsIn(home: SimulatedHome): Promise<Tried[]> {
  return home.withLedger(async (db) => {
    const { rows } = await db.execute<Tried & Record<string, unknown>>(
      `select stage, stage_key, run_id, failure_class, outcome, count(*)::int as count
       from attempt join execution using (stage_key) group by 1, 2, 3, 4, 5`,
    )
    return rows
  })
}

/** Attempts by outcome and class. */
export function summed(attempts: readonly Tried[]): Record<string, number> {
  const sums: Record<string, number> = {}
  for (const { outcome, failure_class: failureClass, count } of attempts) {
    const name = failureClass ? `${outcome} (${failureClass})` : outcome
    sums[name] = (sums[name] ?? 0) + count
  }
  return sums
}
