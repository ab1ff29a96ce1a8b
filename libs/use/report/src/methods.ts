import { evidenceOf, type StudyNumbers } from '@gauntlet/analysis'
import type { ReportInput } from './report-input.ts'

/** A method that the report used, and its settings. */
export interface Method {
  readonly name: string
  readonly text: string
}

/** Why no ranking of the report was resampled. */
function noIntervals(uncertainty: ReportInput['uncertainty']): string {
  if (Object.keys(uncertainty).length === 0)
    return 'There are no outcomes to resample, so ranks have no intervals here.'
  return (
    'Ranks have no intervals here: of no configuration are all numbers and the outcomes of every seed at hand, ' +
    'or the outcomes are over different images.'
  )
}

/** How the numbers of a report were computed, with every setting. */
export function methodsOf({ study, analysis, uncertainty, hypotheses }: ReportInput): Method[] {
  const resampled = Object.values(uncertainty).find(({ ranking }) => ranking !== null)?.ranking
  const nemenyi = Object.values(analysis.protocols).find((one) => one.nemenyi !== null)
  return [
    { name: 'Numbers', text: numbersMethod(study) },
    {
      name: 'Scores',
      text:
        'Within a protocol a configuration is a backbone under a loss; accuracies are averaged over its seeds. Sum: the accuracies added over ' +
        'perturbations and datasets. Geometric: those of a dataset multiplied, the products added. Borda: for each dataset and perturbation, ' +
        'configurations are ranked from the lowest accuracy, ties share the least rank, and ranks are added. Higher is better. A configuration ' +
        'of which a seed lacks a number has no rank and takes no part in the others’ points.',
    },
    {
      name: 'Effects',
      text:
        'One-way analyses of variance of Borda with equal variances; nested analyses y ~ a / b with both effects fixed and hierarchical sums of ' +
        'squares; partial η². Tukey’s test of all pairs at 0.1 (Tukey–Kramer), shown as a compact letter display.',
    },
    {
      name: 'Correlations',
      text:
        'Spearman’s r of midranks, two-sided p by Student’s t; pairs with a missing number are left out, and a mean is over the ' +
        'seeds that have the number.',
    },
    {
      name: 'Odds',
      text:
        'That TRADES beats Classic AT: over backbones that have both, exact two-sided sign test, Clopper–Pearson interval, Holm within a ' +
        'factor. Top tier: the ⌈0.33 n⌉ with the highest sum in each size class; Woolf’s odds ratio, ½ added where a count is 0.',
    },
    {
      name: 'Uncertainty',
      text: resampled
        ? `Nested bootstrap with ${resampled.draws} draws, by ${resampled.by}, seed 1: seeds with replacement within each configuration, then images ` +
          'with replacement within each dataset, one draw of images for all configurations; 95 % percentile intervals. Accuracies have Wilson intervals; ' +
          'models on the same images are compared by McNemar’s exact test with Newcombe’s paired interval.'
        : noIntervals(uncertainty),
    },
    ...(nemenyi?.nemenyi
      ? [
          {
            name: 'No critical-difference diagram',
            text: `By Nemenyi’s test at 0.05, two of ${nemenyi.nemenyi.backbones} backbones over ${nemenyi.datasets.length} datasets would have to lie ${nemenyi.nemenyi.criticalDifference.toFixed(1)} mean ranks apart, of ${nemenyi.nemenyi.backbones}.`,
          },
        ]
      : []),
    {
      name: 'Confirmatory and exploratory',
      text: confirmatory(hypotheses),
    },
  ]
}

/** Which claims were there before the numbers, as the seals of the study have it. */
function confirmatory(hypotheses: ReportInput['hypotheses']): string {
  if (hypotheses.length === 0) return 'No hypothesis of this study is sealed; every comparison here is exploratory.'
  const sealed = hypotheses.map(({ sentence, claims }) => `${sentence} Claims: ${claims.join('; ')}.`)
  return `${sealed.join(' ')} Comparisons beyond these claims are exploratory.`
}

function numbersMethod(study: StudyNumbers): string {
  const { source, perturbations } = study
  const list = perturbations.map(
    ({ name, epsilon, evaluator }) =>
      `${name}${epsilon === null ? '' : ` (ε ${Number(epsilon.toPrecision(4))})`} by ${evaluator ?? 'an evaluator that nobody states'}`,
  )
  const counted = study.evidence === 'claimed' ? '' : ', each counted from an outcome for every test image'
  return `They are ${evidenceOf(study)}${counted}: ${source}. Perturbations: ${list.join('; ')}.`
}
