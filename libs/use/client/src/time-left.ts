import { observePace } from '@gauntlet/analysis'
import type { StudySnapshot } from './watch-study.ts'
import { plannedCost, type StudyPlan } from './plan-study.ts'

/** Estimates the time a study still takes from the work done since it was first seen to get on. */
export interface TimeLeft {
  /** Seconds; null before there is anything to judge by. */
  estimate(snapshot: StudySnapshot): number | null
}

/** How often what is fulfilled is looked up again. */
const planEveryMilliseconds = 5_000

/**
 * The clock of a study: `replan` says what is left, the stages in flight how far they are. Work is in
 * forward-equivalents.
 */
export function timeLeft(replan: () => Promise<StudyPlan>, now: () => number = () => performance.now()): TimeLeft {
  let plan: StudyPlan | null = null
  let plannedAt = -Infinity
  const pace = observePace()
  const refresh = () => {
    plannedAt = now()
    replan().then(
      (next) => void (plan = next),
      () => undefined, // The ledger may be coming back; the last plan serves until then.
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
    const planned = stages.find((stage) => stage.stageKey === stageKey && !stage.fulfilled)
    return sum + (planned && total > 0 ? ((plannedCost(planned) ?? 0) * done) / total : 0)
  }, 0)
  return forwardsLeft - inFlight
}
