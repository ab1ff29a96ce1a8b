import { digestOf, expandStudy, parseStudy, type ArtifactsByRole, type Digest } from '@gauntlet/study'
import type { WorkerDescription } from './activities.ts'
import type { RecallStages } from './plan.ts'
import { stageCodesOf } from './stage-code.ts'

/** A study of two configurations that share a dataset and a backbone, under two perturbations. */
export const studyText = [
  'name: tiny',
  'datasets: [digits]',
  'backbones: [tf_efficientnet_lite0.in1k]',
  'losses: [Classic AT, standard]',
  'protocols: [FFT-1]',
  'perturbations: [clean, common]',
].join('\n')

export const { configurations, perturbations } = expandStudy(parseStudy(studyText, 'tiny.study.yaml'))

/** The stages that a plan has, in the order of the DAG. */
export const keyedStages = [
  'prepare-dataset',
  'pretrain-load',
  'fine-tune',
  'checkpoint',
  'perturb-and-evaluate',
] as const

/** Workers that compute in this precision by this code. */
export function workerWith(precision: string, code = 'code'): WorkerDescription {
  const codes = stageCodesOf(configurations, perturbations)
  return {
    environment: { precision },
    environmentClass: digestOf(precision),
    host: { environment: null, environmentClass: digestOf('host') },
    codeDigests: Object.fromEntries(codes.map((name) => [name, digestOf([name, code])])),
  }
}

/** Recalls the keys that `known` accepts, with artifacts in every role that a stage reads. */
export function recallWhere(known: (key: Digest) => boolean): RecallStages {
  return async (keys) => new Map(keys.filter(known).map((key) => [key, outputsOf(key)] as const))
}

function outputsOf(key: Digest): ArtifactsByRole {
  const roles = ['manifest', 'images', 'parameters', 'trained', 'checkpoint', 'outcomes']
  return Object.fromEntries(roles.map((role) => [role, { digest: digestOf([key, role]), size: 1, mediaType: 'x' }]))
}
