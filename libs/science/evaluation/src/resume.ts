import type { Outcome } from './outcome.ts'

/** Outcomes to resume from are not those of the first images; the evaluation must be started without them. */
export class ResumeInvalid extends Error {
  override readonly name = 'ResumeInvalid'
}

/** The outcomes, if they are those of the first of `count` images. */
export function outcomesOfFirst(count: number, outcomes: readonly Outcome[]): Outcome[] {
  const misplaced = outcomes.findIndex(({ index }, i) => index !== i)
  if (misplaced >= 0 || outcomes.length > count) {
    throw new ResumeInvalid(
      `The outcomes to resume from are not those of images 0 to ${outcomes.length - 1} of ${count}; start this evaluation from the first image.`,
    )
  }
  return [...outcomes]
}
