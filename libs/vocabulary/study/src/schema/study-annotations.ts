import { z } from 'zod'

/*
 * What people write about a study for other people. It is part of no identity, and may be changed at any time.
 */

/** Who answers for a study, words to find it by, and notes. What is absent is not said. */
export interface StudyAnnotations {
  readonly owner?: string
  readonly labels?: readonly string[]
  readonly notes?: string
}

const line = (what: string, longest: number) =>
  z
    .string()
    .max(longest)
    .regex(/^[^\s\p{Cc}]([^\p{Cc}]*[^\s\p{Cc}])?$/u, `${what} is one line that neither begins nor ends with a space.`)

const ownerSchema = line('An owner', 200)
const labelSchema = line('A label', 100)
const notesSchema = z
  .string()
  .max(10_000)
  .regex(/^[\t\n\r\P{Cc}]*$/u, 'Notes have no control characters but tabs and line ends.')

/** The fields of a study file that are no part of its identity. */
export const annotationFields = {
  owner: ownerSchema.optional().describe('Who answers for the study. Part of no identity, as labels and notes.'),
  labels: z.array(labelSchema).max(50).optional().describe('Words to find the study by.'),
  notes: notesSchema.optional().describe('What people should know of the study.'),
}

const annotations = z.strictObject(annotationFields)

/** Checks annotations that do not come from a study file. Gives the sentence that says what is wrong, or null. */
export function annotationProblem(given: StudyAnnotations): string | null {
  const [issue] = annotations.safeParse(given).error?.issues ?? []
  return issue ? `${issue.path.join('.')}: ${issue.message}` : null
}

/** The annotations that a document has, each label once. */
export function annotationsOf({ owner, labels, notes }: z.output<typeof annotations>): StudyAnnotations {
  return {
    ...(owner === undefined ? {} : { owner }),
    ...(labels === undefined ? {} : { labels: [...new Set(labels)] }),
    ...(notes === undefined ? {} : { notes }),
  }
}
