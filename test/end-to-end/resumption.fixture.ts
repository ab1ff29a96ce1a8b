import { expect } from 'vitest'
import type { Evidence } from './evidence.fixture.ts'

/** Every stage is fulfilled once and never tried again, and what failed before were lost workers alone. */
export function requireNothingDoneTwice({ executions }: Evidence): void {
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
 * Who took over one of the stages under way went on from a mid-stage checkpoint: from exactly the one that the dead had
 * left last, or, where the dead had been able to work on for a while, from a later one. Gives the stages that were
 * taken over.
 */
export function requireResumption(
  { executions }: Evidence,
  left: ReadonlyMap<string, string>,
  { workedOn = false } = {},
): string[] {
  const takenOver = [...left].filter(([stageKey]) => executions.get(stageKey)!.attempts.length > 1)
  for (const [stageKey, checkpoint] of takenOver) {
    const [lost, ...heirs] = executions.get(stageKey)!.attempts
    expect(lost).toMatchObject({ outcome: 'failed', failureClass: 'WorkerLost' })
    // An heir may itself have been killed before it had opened the inheritance, but none may have begun at the
    // beginning.
    const resumptions = heirs.flatMap(({ details }) => (details as { resumedFrom?: unknown }).resumedFrom ?? [])
    expect(resumptions.length, 'a checkpoint to go on from').toBeGreaterThan(0)
    if (!workedOn) expect(resumptions[0]).toMatchObject({ checkpoint })
    expect(heirs.find(({ outcome }) => outcome === 'fulfilled')!.details).toHaveProperty('resumedFrom')
  }
  return takenOver.map(([stageKey]) => stageKey)
}
