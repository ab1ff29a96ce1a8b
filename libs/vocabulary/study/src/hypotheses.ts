import { z } from 'zod'
import { ProblemList } from './schema/problem-list.ts'
import { readYaml } from './schema/yaml-source.ts'

const hypothesis = z.strictObject({
  /** The claim in words. */
  claim: z.string().min(1),
  /** Two levels of a factor that are compared, the one that is claimed to be better first. */
  contrast: z
    .strictObject({
      factor: z.enum(['dataset', 'backbone', 'loss', 'protocol']),
      levels: z.tuple([z.string(), z.string()]),
      perturbation: z.string(),
    })
    .optional(),
  /** The least difference of accuracies, or without a contrast the least accuracy, that bears the claim out. */
  threshold: z.number().min(-1).max(1).optional(),
})
const hypothesesSchema = z.strictObject({ hypotheses: z.array(hypothesis).min(1) })

/** What somebody claims of a study, best before anything of it is measured. */
export type Hypothesis = z.infer<typeof hypothesis>

/** Reads a file of hypotheses, which is YAML. Throws `StudyFileInvalid` with every problem at its place. */
export function parseHypotheses(text: string, fileName: string): readonly Hypothesis[] {
  const none = 'There are no hypotheses; write a list named hypotheses, whose items have a claim.'
  const yaml = readYaml(text, fileName, none)
  const parsed = hypothesesSchema.safeParse(yaml.value)
  if (parsed.success) return parsed.data.hypotheses
  const problems = new ProblemList(fileName, yaml.locate)
  for (const { path, message } of parsed.error.issues)
    problems.add(path as (string | number)[], `${path.join('.') || 'the file'} is not as hypotheses are: ${message}.`)
  problems.throwIfAny()
  return []
}
