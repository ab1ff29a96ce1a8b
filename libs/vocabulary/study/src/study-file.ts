import { cellLabel, type Cell } from './cell.ts'
import {
  configurationId,
  type BackboneSpecification,
  type Configuration,
  type DatasetSpecification,
  type Hyperparameters,
  type Perturbation,
} from './configuration.ts'
import { canonicalJson, digestOf, type Digest } from './digest.ts'
import { gridOf, type Exclusion } from './expansion/grid.ts'
import { hyperparametersOf } from './expansion/hyperparameters.ts'
import { perturbationsOf } from './expansion/perturbations.ts'
import {
  refuseEvaluatorsWithoutAttack,
  refuseImpossibleCells,
  refuseMissingCopies,
  refuseWholeBox,
} from './expansion/impossible-cells.ts'
import { Pins, type UnpinnedSource } from './pins.ts'
import { ProblemList } from './schema/problem-list.ts'
import { addSchemaProblems } from './schema/schema-problems.ts'
import { lockFileName, parseLock, splitLock } from './source-lock.ts'
import { sourceText } from './schema/source-text.ts'
import { backbonesOf, datasetsOf, protocolOf } from './expansion/specifications.ts'
import { StudyFileInvalid } from './schema/study-problem.ts'
import { annotationsOf, type StudyAnnotations } from './schema/study-annotations.ts'
import { studySchema, type StudyDocument } from './schema/study-schema.ts'
import { readYaml } from './schema/yaml-source.ts'

/** A study file, read and resolved. */
export interface Study {
  readonly name: string
  readonly description: string | null
  readonly annotations: StudyAnnotations
  readonly fileName: string
  readonly cells: readonly Cell[]
  /** The hyperparameters of each cell, in the order of `cells`. */
  readonly hyperparameters: readonly Hyperparameters[]
  readonly exclusions: readonly Exclusion[]
  readonly datasets: ReadonlyMap<string, DatasetSpecification>
  readonly backbones: ReadonlyMap<string, BackboneSpecification>
  readonly perturbations: readonly Perturbation[]
  /**
   * Sources whose bytes neither the study, nor its lock, nor the catalogue pins; empty in a study that `parseStudy`
   * returns.
   */
  readonly unpinned: readonly UnpinnedSource[]
}

/** The configurations and perturbations of a study, in the order in which they are planned and shown. */
export interface Expansion {
  readonly configurations: readonly Configuration[]
  readonly exclusions: readonly Exclusion[]
  readonly perturbations: readonly Perturbation[]
}

/**
 * Reads a study file, given as text or as bytes; only bytes show a wrong encoding. The text may carry its lock
 * (`withLock`). Throws `StudyFileInvalid` with every problem, sources without a digest among them.
 */
export function parseStudy(source: string | Uint8Array, fileName: string): Study {
  const study = outlineStudy(source, fileName)
  refuseUnpinned(study)
  return study
}

/** As `parseStudy`, but a source that is not pinned yet is listed in the study instead of refused. */
export function outlineStudy(source: string | Uint8Array, fileName: string): Study {
  const { text, lock } = splitLock(sourceText(source, fileName))
  const yaml = readYaml(text, fileName)
  const problems = new ProblemList(fileName, yaml.locate)
  const parsed = studySchema.safeParse(yaml.value, { reportInput: false })
  if (!parsed.success) addSchemaProblems(parsed.error.issues, yaml.value, problems)
  problems.throwIfAny()
  const pins = new Pins(fileName, yaml.locate, lock === null ? new Map() : parseLock(lock, lockFileName(fileName)))
  const study = resolve(parsed.data!, fileName, problems, pins)
  pins.addContradictions(problems)
  problems.throwIfAny()
  return { ...study, unpinned: pins.unpinned }
}

/**
 * The configurations of a study in a fixed order: dataset, backbone, protocol, loss, seed as listed, then what
 * `include` adds.
 */
export function expandStudy(study: Study): Expansion {
  refuseUnpinned(study)
  const configurations = study.cells.map((cell, index) => ({
    dataset: study.datasets.get(cell.dataset)!,
    backbone: study.backbones.get(cell.backbone)!,
    loss: cell.loss,
    protocol: protocolOf(cell.protocol),
    seed: cell.seed,
    hyperparameters: study.hyperparameters[index]!,
  }))
  return { configurations, exclusions: study.exclusions, perturbations: study.perturbations }
}

/**
 * The identity of a study: the digest of its name and of everything it expands to. Comments, layout, the order of
 * lists, defaults written out, the description and annotations do not change it.
 */
export function studyId(study: Study): Digest {
  const { configurations, exclusions, perturbations } = expandStudy(study)
  return digestOf({
    name: study.name,
    configurations: configurations.map(configurationId).sort(),
    exclusions: exclusions.map(({ cell, reason }) => `${cellLabel(cell)}: ${reason}`).sort(),
    perturbations: perturbations.map(canonicalJson).sort(),
  })
}

function resolve(
  document: StudyDocument,
  fileName: string,
  problems: ProblemList,
  pins: Pins,
): Omit<Study, 'unpinned'> {
  const grid = gridOf(document, problems)
  const hyperparameters = hyperparametersOf(document, grid, problems)
  const perturbations = perturbationsOf(document, problems)
  refuseImpossibleCells(document, grid, hyperparameters, problems)
  refuseWholeBox(document, perturbations, problems)
  refuseMissingCopies(document, perturbations, problems)
  const datasets = datasetsOf(document, problems, pins)
  refuseEvaluatorsWithoutAttack(document, perturbations, datasets, problems)
  return {
    name: document.name,
    description: document.description ?? null,
    annotations: annotationsOf(document),
    fileName,
    ...grid,
    hyperparameters,
    datasets,
    backbones: backbonesOf(document, problems, pins),
    perturbations,
  }
}

function refuseUnpinned({ unpinned }: Study): void {
  const problems = unpinned.map(({ problem }) => problem)
  if (problems.length > 0) throw new StudyFileInvalid(problems.sort((a, b) => a.line - b.line || a.column - b.column))
}
