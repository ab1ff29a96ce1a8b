import { backboneFacts, backboneIds } from '../catalogue/backbone-catalogue.ts'
import { datasetFacts, datasetIds } from '../catalogue/dataset-catalogue.ts'
import { backboneEntriesOf, type WrittenBackbone } from './checkpoint-axis.ts'
import {
  backboneLabel,
  type BackboneSpecification,
  type DatasetSpecification,
  type ProtocolSpecification,
} from '../configuration.ts'
import { idOf } from './grid.ts'
import type { Pins } from '../pins.ts'
import type { Path, ProblemList } from '../schema/problem-list.ts'
import { listOf } from '../schema/schema-parts.ts'
import type { DatasetEntry, ImageCounts, StudyDocument } from '../schema/study-schema.ts'

/** The datasets of a study by id. A dataset that is not pinned, or not fully described, is reported and left out. */
export function datasetsOf(
  document: StudyDocument,
  problems: ProblemList,
  pins: Pins,
): ReadonlyMap<string, DatasetSpecification> {
  const entries = declared(document.datasets, document)
  const found = entries.map(([entry, path]) => datasetOf(entry, path, document, problems, pins))
  return new Map(found.filter((dataset) => dataset !== null).map((dataset) => [dataset.id, dataset]))
}

function datasetOf(
  entry: DatasetEntry,
  path: Path,
  document: StudyDocument,
  problems: ProblemList,
  pins: Pins,
): DatasetSpecification | null {
  const own: Exclude<DatasetEntry, string> = typeof entry === 'string' ? { id: entry } : entry
  const facts = datasetFacts(own.id)
  const classes = own.classes ?? facts?.classes
  const source = own.source ?? facts?.source
  const sha256 = own.sha256 ?? (own.source === undefined ? facts?.sha256 : undefined) ?? null
  if (source === undefined) {
    problems.add(path, `The dataset '${own.id}' needs source too.`)
    return null
  }
  if (facts !== null && own.classes !== undefined && own.classes !== facts.classes && own.source === undefined) {
    problems.add(
      [...path, 'classes'],
      `The dataset '${own.id}' has ${facts.classes} classes; remove this or name another source.`,
    )
  }
  const pinned = pins.of(
    { axis: 'dataset', id: own.id, source, sha256: sha256 ?? null, classes: classes ?? null },
    path,
  )
  const metric = own.metric === 'mean-per-class' ? { metric: own.metric } : {}
  return pinned && { id: own.id, ...pinned, classes: pinned.classes!, ...imagesOf(own, document), ...metric }
}

function imagesOf(own: Exclude<DatasetEntry, string>, document: StudyDocument) {
  const count = (split: keyof ImageCounts): number | null => {
    const written = own.images?.[split] ?? document.images[split] ?? defaultImages[split]
    return written === 'all' ? null : written
  }
  return {
    resolution: own.resolution ?? document.resolution,
    trainImages: count('train'),
    validationImages: count('validation'),
    testImages: count('test'),
    splitSeed: document.splitSeed,
  }
}

/** The paper trains on all images and tests on at most 1,000. */
const defaultImages = { train: 'all', validation: 'all', test: 1_000 } as const

/** The backbones of a study by id. A backbone whose weights are not pinned is reported and left out. */
export function backbonesOf(
  document: StudyDocument,
  problems: ProblemList,
  pins: Pins,
): ReadonlyMap<string, BackboneSpecification> {
  const written = backboneEntriesOf(document)
  const labels = new Set(written.map(({ label }) => label))
  const included = includedIds('backbone', labels, document).map(([id, path]) => ({ id, label: id, path }))
  const found = [...written, ...included].map((entry) => backboneOf(entry, document, problems, pins))
  return new Map(found.filter((each) => each !== null).map((backbone) => [backboneLabel(backbone), backbone]))
}

/** A source of one's own needs no digest here: the lock has it once the study has been planned. */
function backboneOf(
  { id, path, checkpoint, ...own }: WrittenBackbone,
  document: StudyDocument,
  problems: ProblemList,
  pins: Pins,
): BackboneSpecification | null {
  if (checkpoint !== undefined && own.sha256 !== undefined)
    problems.add(path, `The checkpoints of '${id}' have a digest each; leave sha256 out, since the lock file has them.`)
  const facts = backboneFacts(id)
  if (facts === null) return null // reported with the grid
  const { weights } = facts
  if (own.source === undefined && weights === null) {
    problems.add(path, `No weights of '${id}' are published; give a source or checkpoints.`)
    return null
  }
  const inputContract = own.inputContract ?? document.inputContract
  const source = own.source ?? weights!.source
  const sha256 = own.sha256 ?? (own.source === undefined ? weights!.sha256 : null)
  const pinned = pins.of({ axis: 'backbone', id, source, sha256 }, path)
  return pinned && { id, ...pinned, inputContract, ...(checkpoint === undefined ? {} : { checkpoint }) }
}

/** The entries of the datasets, and the catalogued ids that only `include` names. */
function declared(
  entries: readonly DatasetEntry[],
  document: StudyDocument,
): readonly (readonly [DatasetEntry, Path])[] {
  const written = entries.map((entry, index) => [entry, ['datasets', index]] as const)
  return [...written, ...includedIds('dataset', new Set(entries.map(idOf)), document)]
}

/** The ids that only `include` names, of an axis whose entries have the ids of `known`. */
function includedIds(
  axis: 'dataset' | 'backbone',
  known: ReadonlySet<string>,
  document: StudyDocument,
): readonly (readonly [string, Path])[] {
  const ids = new Set(known)
  const included = (document.include ?? []).flatMap((pattern, index) =>
    listOf(pattern[axis] ?? []).map((id) => [id, ['include', index, axis]] as const),
  )
  const catalogue = axis === 'dataset' ? datasetIds : backboneIds
  return included.filter(([id]) => catalogue.includes(id) && !ids.has(id) && ids.add(id))
}

/** The protocol that an id such as `FFT-50` stands for. */
export function protocolOf(id: string): ProtocolSpecification {
  if (id === 'none') return { id, trains: 'nothing', epochs: 0 }
  const [kind, epochs] = id.split('-')
  return { id, trains: kind === 'LP' ? 'head' : 'all', epochs: Number(epochs) }
}
