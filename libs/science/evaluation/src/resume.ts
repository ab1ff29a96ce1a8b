import type { Outcome } from './outcome.ts'

/** Outcomes to resume from do not begin at the first image, or leave one out; start this evaluation without them. */
export class ResumeInvalid extends Error {
  override readonly name = 'ResumeInvalid'
}

/** The outcomes of the first images of `count`, to be continued. */
export function outcomesOfFirst(count: number, outcomes: readonly Outcome[]): Outcome[] {
  const stray = outcomes.findIndex(({ index }, i) => index !== i)
  if (stray >= 0 || outcomes.length > count) {
    throw new ResumeInvalid(
      `The outcomes to resume from are not those of images 0 to ${outcomes.length - 1} of ${count}; start this evaluation from the first image.`,
    )
  }
  return [...outcomes]
}
