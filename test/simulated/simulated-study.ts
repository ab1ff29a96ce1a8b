import { expandStudy, parseStudy, studyId, type Configuration, type Digest } from '@gauntlet/study'

/** A study of one dataset, backbone, loss and protocol under many seeds. */
export interface SimulatedStudy {
  readonly id: Digest
  readonly text: string
  readonly configurations: readonly Configuration[]
}

/** `first`: the first of its seeds, by which it differs from others. */
export function simulatedStudy(configurations: number, first: number): SimulatedStudy {
  const seeds = Array.from({ length: configurations }, (_, index) => first + index)
  const text = `name: simulated-${first}
datasets: [digits]
backbones: [tf_efficientnet_lite0.in1k]
losses: [Classic AT]
protocols: [FFT-1]
seeds: [${seeds.join(', ')}]
evaluator: apgd-ce
`
  const study = parseStudy(text, 'simulated.study.yaml')
  return { id: studyId(study), text, configurations: expandStudy(study).configurations }
}
