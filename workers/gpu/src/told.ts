import type { StageRequest } from '@gauntlet/contract'
import { ApplicationFailure, type Context } from '@temporalio/activity'

/** How an attempt at a stage ended, as one line of the worker's log. */
export interface ToldAttempt {
  readonly event: 'attempt ended'
  /** ISO 8601. */
  readonly at: string
  /** The id of the study; null where it shares no devices by weight, which studies of before did not. */
  readonly study: string | null
  /** The id of the configuration; null for a stage that configurations of the study share. */
  readonly configuration: string | null
  readonly stage: string
  readonly stageKey: string
  readonly attempt: number
  readonly device: string
  readonly seconds: number
  /** `fulfilled`, `Cancelled`, or the failure class. */
  readonly outcome: string
}

/** What is read of the activity. */
export interface ToldContext {
  readonly info: Pick<Context['info'], 'workflowExecution' | 'priority'>
  readonly metricMeter: Pick<Context['metricMeter'], 'createHistogram'>
}

/**
 * Does an attempt, and tells the log and Prometheus how it ended: a line of JSON, and the seconds that a device was
 * busy by stage and outcome. Those of every outcome but `fulfilled` were wasted, except for what a checkpoint kept.
 */
export async function told<Result>(
  { info, metricMeter }: ToldContext,
  { identity, stageKey, attempt }: Pick<StageRequest<unknown>, 'identity' | 'stageKey' | 'attempt'>,
  device: string,
  work: () => Promise<Result>,
  log: (line: ToldAttempt) => void = (line) => console.log(JSON.stringify(line)),
): Promise<Result> {
  const began = performance.now()
  const tell = (outcome: string) => {
    const seconds = (performance.now() - began) / 1_000
    const { stage } = identity
    log({
      event: 'attempt ended',
      at: new Date().toISOString(),
      ...whose(info),
      stage,
      stageKey,
      attempt,
      device,
      seconds,
      outcome,
    })
    metricMeter
      .createHistogram('gauntlet_stage_seconds', 'float', 's', 'How long attempts at stages kept a device busy')
      .record(seconds, { stage, outcome })
  }
  try {
    const result = await work()
    tell('fulfilled')
    return result
  } catch (error) {
    tell(error instanceof ApplicationFailure ? (error.type ?? 'Bug') : 'Cancelled')
    throw error
  }
}

/** The study shares devices under its id, and a workflow is named by the id of its study or configuration. */
function whose({ workflowExecution, priority }: ToldContext['info']): Pick<ToldAttempt, 'study' | 'configuration'> {
  const [kind, id = null] = workflowExecution?.workflowId.split('/') ?? []
  return {
    study: kind === 'study' ? id : (priority?.fairnessKey ?? null),
    configuration: kind === 'configuration' ? id : null,
  }
}
