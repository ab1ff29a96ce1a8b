import type { EvaluationFlag, FlagPolicy } from '@gauntlet/study'

const meanings: Readonly<Record<string, (value: string, limit: string) => string>> = {
  doubted: (value) => `it rests on bytes that somebody doubts (doubt ${value}; npx gauntlet doubt --list says why)`,
  bridged: (value) =>
    `it was made by other code and kept by a bridge, since a sample had the same bytes (bridge ${value}; npx gauntlet trace says more)`,
  randomised: (value) => `the model answers the same image differently (by ${value} of a unit logit vector)`,
  probabilities: () => 'the model gives probabilities instead of logits, which takes the gradients from the losses',
  'zero-gradient': (value) => `the loss has no gradient at a share of ${value} of the images`,
  'square-gained': (value, limit) =>
    `the search without gradients took an accuracy of ${value} from what gradients had left (limit ${limit})`,
  'few-classes': (value) => `the model has too few classes for ${value} of the attacks`,
  saturated: (value, limit) =>
    `a share of ${value} of the images has logits so far apart that float32 rounds their loss to 0 (limit ${limit})`,
  unsettled: (value, limit) =>
    `more attacks, for which other flags had asked, still took an accuracy of ${value} (limit ${limit})`,
  'square-first': (value, limit) =>
    `a share of ${value} of the fallen images fell to the search without gradients (limit ${limit})`,
}

const consequences: Readonly<Record<FlagPolicy, string>> = {
  refuse: 'do not rank this number',
  escalate: 'evaluate again with a stronger evaluator before believing it',
  mark: 'bear it in mind',
}

/** What a flag means and what to do about it, in one sentence. */
export function flagSentence(flag: EvaluationFlag): string {
  return `${flagMeaning(flag)}; ${consequences[flag.policy]}.`
}

/** What a flag means. */
export function flagMeaning({ name, value, limit }: EvaluationFlag): string {
  const rounded = (number: number) => String(Number(number.toPrecision(3)))
  return meanings[name]?.(rounded(value), rounded(limit)) ?? `${name} is ${rounded(value)} (limit ${rounded(limit)})`
}
