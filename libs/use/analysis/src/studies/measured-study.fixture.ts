import { packOutcomes } from '../outcomes/packed-bits.ts'
import { packCauses } from '../outcomes/packed-causes.ts'
import { studyPerturbations } from '../paper/study-row.ts'
import type { MeasuredOrigin, NumberedRow, StudyNumbers } from './study-numbers.ts'
import type { ImageOutcomes } from './study-outcomes.ts'

/** What a measured study is made of. */
export interface MeasuredStudySettings {
  readonly backbones?: number
  readonly losses?: readonly string[]
  readonly protocols?: readonly string[]
  readonly datasets?: readonly string[]
  readonly seeds?: readonly number[]
  readonly images?: number
}

const types = ['fully attention', 'fully convolutional', 'hybrid']
const sizes = ['small', 'medium', 'large']

/**
 * A study with an outcome for every image, in which later backbones hold more images. What one model holds another
 * mostly holds too, as real ones do. The same settings give the same study.
 */
export function measuredStudy({
  backbones = 3,
  losses = ['Classic AT', 'TRADES'],
  protocols = ['FFT-50'],
  datasets = ['digits'],
  seeds = [1],
  images = 40,
}: MeasuredStudySettings = {}): {
  readonly study: StudyNumbers
  readonly outcomes: ReadonlyMap<string, ImageOutcomes>
} {
  const outcomes = new Map<string, ImageOutcomes>()
  const lists = new Map(
    datasets.map((dataset) => [dataset, Array.from({ length: images }, (_, i) => `${dataset} image ${i}`)]),
  )
  const random = randomShares()
  const rows: NumberedRow[] = []
  for (const protocol of protocols)
    for (const dataset of datasets)
      for (let backbone = 0; backbone < backbones; backbone++)
        for (const [l, loss] of losses.entries())
          for (const seed of seeds) {
            const numbers = studyPerturbations.map((perturbation, p) => {
              const digest = `outcomes ${outcomes.size}`
              const ease = (backbone + 1 + l / 2) / (backbones + 1) - p / 12
              const held = Array.from({ length: images }, (_, i) => 0.7 * ((i + 0.5) / images) + 0.3 * random() < ease)
              const felledBy = held.map((holds) => (holds ? null : perturbation === 'clean' ? 'clean' : 'apgd-ce'))
              outcomes.set(digest, {
                images: lists.get(dataset)!,
                held: packOutcomes(held),
                felledBy: packCauses(felledBy),
              })
              const correct = held.filter(Boolean).length
              return [perturbation, origin(outcomes.size, digest, correct, images)] as const
            })
            rows.push({
              backbone: `backbone ${backbone}`,
              dataset,
              loss,
              protocol,
              seed,
              factors: { size: sizes[backbone % 3]!, type: types[backbone % 3]!, strategy: 'supervised' },
              accuracies: Object.fromEntries(numbers.map(([name, { correct, total }]) => [name, correct / total])),
              origins: Object.fromEntries(numbers),
            })
          }
  return { study: { ...facts, rows }, outcomes }
}

const facts: Omit<StudyNumbers, 'rows'> = {
  id: 'study',
  name: 'measured',
  evidence: 'measured',
  source: 'measured in environment e by evaluations of code c',
  perturbations: studyPerturbations.map((name) => ({ name, epsilon: null, evaluator: 'argmax' })),
  lacking: [],
  defects: [],
}

function origin(row: number, outcomesDigest: string, correct: number, total: number): MeasuredOrigin {
  const digests = {
    measurementId: `m${row}`,
    stageKey: `s${row}`,
    outcomesDigest,
    codeDigest: 'c',
    environmentClass: 'e',
  }
  return { kind: 'measured', row, correct, total, evaluator: 'argmax', flags: [], ...digests }
}

/** Numbers in [0, 1) by a linear congruence (Knuth's MMIX constants in 32 bits are enough for a fixture). */
function randomShares(): () => number {
  let state = 1
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return state / 2 ** 32
  }
}
