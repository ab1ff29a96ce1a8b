import { backboneFacts, backboneIds } from './catalogue/backbone-catalogue.ts'
import { datasetFacts, datasetIds } from './catalogue/dataset-catalogue.ts'
import type { BackboneSpecification, DatasetSpecification, ProtocolSpecification } from './configuration.ts'
import { idOf } from './grid.ts'
import type { Pins } from './pins.ts'
import type { Path, ProblemList } from './problem-list.ts'
import { listOf } from './schema-parts.ts'
import type { BackboneEntry, DatasetEntry, ImageCounts, StudyDocument } from './study-schema.ts'

/** The datasets of a study by id. A dataset that is not pinned, or not fully described, is reported and left out. */
export function datasetsOf(
  document: StudyDocument,
  problems: ProblemList,
  pins: Pins,
): ReadonlyMap<string, DatasetSpecification> {
  const entries = declared<DatasetEntry>(document.datasets, 'datasets', 'dataset', document)
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
  const pinned = pins.of({ axis: 'dataset', id: own.id, source, sha256, classes: classes ?? null }, path)
  return pinned && { id: own.id, ...pinned, classes: pinned.classes!, ...imagesOf(own, document) }
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
  const entries = declared<BackboneEntry>(document.backbones, 'backbones', 'backbone', document)
  const found = entries.map(([entry, path]) => backboneOf(entry, path, document, problems, pins))
  return new Map(found.filter((backbone) => backbone !== null).map((backbone) => [backbone.id, backbone]))
}

function backboneOf(
  entry: BackboneEntry,
  path: Path,
  document: StudyDocument,
  problems: ProblemList,
  pins: Pins,
): BackboneSpecification | null {
  const own: Exclude<BackboneEntry, string> = typeof entry === 'string' ? { id: entry } : entry
  const { weights } = backboneFacts(own.id)!
  if (own.source !== undefined && own.sha256 === undefined)
    problems.add(path, `The backbone '${own.id}' has a source of its own and so needs sha256 too.`)
  const { source = weights.source, sha256 = weights.sha256 } = own
  const pinned = pins.of({ axis: 'backbone', id: own.id, source, sha256 }, path)
  return pinned && { id: own.id, ...pinned, inputContract: document.inputContract }
}

/** The entries of an axis, and the catalogued ids that only `include` names. */
function declared<Entry extends string | { readonly id: string }>(
  entries: readonly Entry[],
  key: 'datasets' | 'backbones',
  axis: 'dataset' | 'backbone',
  document: StudyDocument,
): readonly (readonly [Entry | string, Path])[] {
  const ids = new Set(entries.map(idOf))
  const written = entries.map((entry, index) => [entry, [key, index]] as const)
  const included = (document.include ?? []).flatMap((pattern, index) =>
    listOf(pattern[axis] ?? []).map((id) => [id, ['include', index, axis]] as const),
  )
  const catalogue = axis === 'dataset' ? datasetIds : backboneIds
  return [...written, ...included.filter(([id]) => catalogue.includes(id) && !ids.has(id) && ids.add(id))]
}

/** The protocol that an id such as `FFT-50` stands for. */
export function protocolOf(id: string): ProtocolSpecification {
  const [kind, epochs] = id.split('-')
  return { id, trains: kind === 'LP' ? 'head' : 'all', epochs: Number(epochs) }
}
