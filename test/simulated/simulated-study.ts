import { expandStudy, parseStudy, studyId, type Digest, type Expansion } from '@gauntlet/study'

/** A study of one dataset, backbone, loss and protocol under many seeds. */
export interface SimulatedStudy extends Pick<Expansion, 'configurations' | 'perturbations'> {
  readonly id: Digest
  readonly text: string
}

/** `first`: the first of its seeds, by which it differs from others. */
export function simulatedStudy(
  configurations: number,
  first: number,
  losses: readonly string[] = ['Classic AT'],
): SimulatedStudy {
  const seeds = Array.from({ length: Math.ceil(configurations / losses.length) }, (_, index) => first + index)
  const spare = seeds.length * losses.length - configurations
  const excluded = losses.slice(losses.length - spare).map((loss) => ({ loss, seed: seeds.at(-1) }))
  const text = `name: simulated-${first}
datasets: [digits]
backbones: [tf_efficientnet_lite0.in1k]
losses: [${losses.join(', ')}]
protocols: [FFT-1]
seeds: [${seeds.join(', ')}]
evaluator: apgd-ce
${excluded.length > 0 ? `exclude: ${JSON.stringify(excluded.map((where) => ({ where, reason: 'spare' })))}` : ''}
`
  const study = parseStudy(text, 'simulated.study.yaml')
  return { id: studyId(study), text, ...expandStudy(study) }
}
