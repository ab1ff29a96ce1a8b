import { quoted } from '../print/quoted.ts'

/** What a study of given checkpoints says. Sources are as they stand in the file. */
export interface EvaluationStudy {
  readonly name: string
  readonly dataset: {
    readonly id: string
    readonly source?: string
    readonly classes?: number
    readonly metric?: string
  }
  readonly backbone: string
  readonly checkpoints: readonly string[]
  readonly inputContract: string
  readonly evaluator: string
  readonly resolution?: number
  readonly testImages?: number | 'all'
}

/** The text of a study file of this name that evaluates checkpoints as they are; the same for the same study. */
export function evaluationStudy(study: EvaluationStudy, file: string): string {
  const { name, dataset, backbone, checkpoints, inputContract, evaluator, resolution, testImages } = study
  const entries = Object.entries(dataset).map(([key, value]) => `${key}: ${JSON.stringify(value)}`)
  return [
    '# Evaluates checkpoints as they are under the five perturbations; nothing is trained.',
    `# command:  npx gauntlet run ${quoted(file)}`,
    `name: ${name}`,
    'datasets:',
    `  - { ${entries.join(', ')} }`,
    'backbones:',
    `  - id: ${JSON.stringify(backbone)}`,
    '    checkpoints:',
    ...checkpoints.map((source) => `      - ${JSON.stringify(source)}`),
    'protocols: [none]',
    `inputContract: ${inputContract} # how the checkpoints expect pixels`,
    `evaluator: ${JSON.stringify(evaluator)}`,
    ...(resolution === undefined ? [] : [`resolution: ${resolution}`]),
    ...(testImages === undefined ? [] : [`images: { test: ${testImages} }`]),
    '',
  ].join('\n')
}
