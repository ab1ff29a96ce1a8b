import { datasetFacts } from '@gauntlet/study'

/**
 * Up to how many times chance an accuracy counts as chance: the robust accuracies of collapsed trainings lie there, and
 * so do their clean ones.
 */
export const chanceFactor = 2.5

/** Classes of a dataset; null where nobody knows. */
export type ClassesOf = (dataset: string) => number | null

/** The classes of the datasets in the catalogue. */
export const catalogueClasses: ClassesOf = (dataset) => datasetFacts(dataset)?.classes ?? null

/** The accuracy up to which a number on a dataset counts as chance; null where the number of classes is not known. */
export function chanceLimit(dataset: string, classesOf: ClassesOf, factor = chanceFactor): number | null {
  const classes = classesOf(dataset)
  return classes === null ? null : factor / classes
}
