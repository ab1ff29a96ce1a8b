import { expect } from 'vitest'
import type { RecordedResults } from './recorded-results.fixture.ts'

/** Expects that every stage was fulfilled once, was not tried after that, and failed before only by lost workers. */
export function requireOneFulfilmentEach({ executions }: RecordedResults): void {
  for (const { stage, attempts } of executions.values()) {
    const failed = attempts.filter(({ outcome }) => outcome !== 'fulfilled')
    expect(attempts.length - failed.length, stage).toBe(1)
    for (const { outcome, failureClass } of failed)
      expect([outcome, failureClass]).toBeOneOf([
        ['failed', 'WorkerLost'],
        ['failed', 'Preempted'],
      ])
  }
}

/**
 * Expects that the stages under way, of which more than one attempt was made, went on from a mid-stage checkpoint: the
 * very one of `left` or, where the lost attempt could work on for a while (`workedOn`), a later one. Gives their keys.
 */
export function requireResumption(
  { executions }: RecordedResults,
  left: ReadonlyMap<string, string>,
  { workedOn = false } = {},
): string[] {
  const resumed = [...left].filter(([stageKey]) => executions.get(stageKey)!.attempts.length > 1)
  for (const [stageKey, checkpoint] of resumed) {
    const [lost, ...later] = executions.get(stageKey)!.attempts
    expect(lost).toMatchObject({ outcome: 'failed', failureClass: 'WorkerLost' })
    // A later attempt may itself have been killed before it had read the checkpoint, but none may have begun at the
    // beginning.
    const resumptions = later.flatMap(({ details }) => (details as { resumedFrom?: unknown }).resumedFrom ?? [])
    expect(resumptions.length, 'a checkpoint to go on from').toBeGreaterThan(0)
    if (!workedOn) expect(resumptions[0]).toMatchObject({ checkpoint })
    expect(later.find(({ outcome }) => outcome === 'fulfilled')!.details).toHaveProperty('resumedFrom')
  }
  return resumed.map(([stageKey]) => stageKey)
}
