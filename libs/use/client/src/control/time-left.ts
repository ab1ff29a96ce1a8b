import { observePace } from '@gauntlet/analysis'
import type { StudySnapshot } from './study-snapshots.ts'
import { plannedCost, type StudyPlan } from '../plan/plan-study.ts'

/** Estimates the time that a study still takes, by the work done since its first progress was seen. */
export interface TimeLeft {
  /** Seconds; null while there is too little to judge by. */
  estimate(snapshot: StudySnapshot): number | null
}

/** The pause between two plans, in milliseconds. */
const planEveryMilliseconds = 5_000

/**
 * Creates the estimate for a study. `replan` gives the work that is left, in forward-equivalents, and the snapshots say
 * how much of it the stages in flight have done.
 */
export function timeLeft(replan: () => Promise<StudyPlan>, now: () => number = () => performance.now()): TimeLeft {
  let plan: StudyPlan | null = null
  let plannedAt = -Infinity
  const pace = observePace()
  const refresh = () => {
    plannedAt = now()
    replan().then(
      (next) => void (plan = next),
      () => undefined, // The ledger may be restarting; the last plan serves until then.
    )
  }
  return {
    estimate(snapshot) {
      if (now() - plannedAt > planEveryMilliseconds) refresh()
      const left = plan && workLeft(plan, snapshot)
      if (left === null) return null
      return pace.secondsLeft(left, now() / 1000)
    },
  }
}

function workLeft({ stages, forwardsLeft }: StudyPlan, snapshot: StudySnapshot): number | null {
  if (forwardsLeft === null) return null
  const inFlight = snapshot.stages.reduce((sum, { stageKey, done, total }) => {
    const planned = stages.find((stage) => stage.stageKey === stageKey && stage.state === 'open')
    return sum + (planned && total > 0 ? ((plannedCost(planned) ?? 0) * done) / total : 0)
  }, 0)
  return forwardsLeft - inFlight
}
