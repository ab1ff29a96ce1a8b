import { datasetFacts } from '@gauntlet/study'
import { catalogueClasses, chanceLimit } from '../paper/chance.ts'
import { grouped } from '../statistics/moments.ts'
import type { PublishedRow } from './published-table.ts'

/**
 * What can be wrong with published numbers, seen from the numbers alone:
 *
 * - `subset-of-images`: an accuracy that is a fraction of three quarters of the test images and not of all of them, as
 *   when one of four processes was not counted;
 * - `not-a-count`: an accuracy that is a fraction of neither, so that it was rounded or is over other images;
 * - `mixed-denominators`: a row whose accuracies are over different images, so that they do not compare;
 * - `robust-above-clean`: a row with a higher accuracy under an attack than without;
 * - `at-chance`: a row whose clean accuracy is at chance, so that its training collapsed;
 * - `shared-display-name`: several backbones under one name in figures;
 * - `no-weights-loaded`: a backbone whose linear probes are at chance, so that its features are not pretrained;
 * - `flagged-unreliable`: a number that its publisher says is not to be trusted.
 */
export const defectKinds = [
  'subset-of-images',
  'not-a-count',
  'mixed-denominators',
  'robust-above-clean',
  'at-chance',
  'shared-display-name',
  'no-weights-loaded',
  'flagged-unreliable',
] as const

export type DefectKind = (typeof defectKinds)[number]

/** Something that is wrong with rows of a published table. */
export interface Defect {
  readonly kind: DefectKind
  /** The rows it is about, as spreadsheets number them. */
  readonly rows: readonly number[]
  /** The perturbation whose number it is about, where it is about one. */
  readonly perturbation?: string
  /** One sentence. */
  readonly message: string
}

/** Linear probes that are at chance in this share of a backbone's rows count as features of random weights. */
const probeShare = 0.9

/**
 * The defects of a published table, in the order of `defectKinds`. Datasets that the catalogue does not have are not
 * checked for counts and chance. `linearProbe` names the protocol that trains only the head.
 */
export function publishedDefects(rows: readonly PublishedRow[], linearProbe = 'LP-50'): Defect[] {
  const found = [...rows.flatMap(rowDefects), ...sharedNames(rows), ...withoutWeights(rows, linearProbe)]
  return found.toSorted((a, b) => defectKinds.indexOf(a.kind) - defectKinds.indexOf(b.kind))
}

/** How many defects of each kind there are. */
export function defectCounts(defects: readonly Defect[]): Record<DefectKind, number> {
  return Object.fromEntries(
    defectKinds.map((kind) => [kind, defects.filter((defect) => defect.kind === kind).length]),
  ) as Record<DefectKind, number>
}

function rowDefects(row: PublishedRow): Defect[] {
  return [...countDefects(row), ...attackDefects(row), ...collapse(row)]
}

/** Which test images an accuracy can be over: all, three quarters, either, or neither. */
function imagesOf(accuracy: number, images: number): 'all' | 'subset' | 'either' | 'neither' {
  const isCountOf = (total: number) => Math.abs(accuracy * total - Math.round(accuracy * total)) < 1e-6
  const [all, subset] = [isCountOf(images), isCountOf((images * 3) / 4)]
  if (all) return subset ? 'either' : 'all'
  return subset ? 'subset' : 'neither'
}

function countDefects({ row, dataset, accuracies }: PublishedRow): Defect[] {
  const images = datasetFacts(dataset)?.splitSizes.test
  if (images === undefined) return []
  const found = Object.entries(accuracies).flatMap(([perturbation, accuracy]) =>
    accuracy === null ? [] : [{ perturbation, accuracy, over: imagesOf(accuracy, images) }],
  )
  const named = (kind: DefectKind, over: string, ending: string): Defect[] =>
    found
      .filter((number) => number.over === over)
      .map(({ perturbation, accuracy }) => ({
        kind,
        rows: [row],
        perturbation,
        message: `Row ${row}: ${perturbation} ${accuracy} ${ending}`,
      }))
  const mixed = ['all', 'subset'].every((over) => found.some((number) => number.over === over))
  return [
    ...named(
      'subset-of-images',
      'subset',
      `is a share of ${(images * 3) / 4} images, not of the ${images} of ${dataset}.`,
    ),
    ...named('not-a-count', 'neither', `is no share of the ${images} images of ${dataset}: rounded, or over others.`),
    ...(mixed
      ? [
          {
            kind: 'mixed-denominators' as const,
            rows: [row],
            message: `Row ${row}: accuracies are over different images.`,
          },
        ]
      : []),
  ]
}

function attackDefects({ row, accuracies }: PublishedRow): Defect[] {
  const clean = accuracies['clean'] ?? null
  if (clean === null) return []
  const above = ['Linf', 'L2', 'L1'].filter((norm) => (accuracies[norm] ?? 0) > clean)
  if (above.length === 0) return []
  const message = `Row ${row}: accuracy under ${above.join(' and ')} is above the clean one of ${clean}.`
  return [{ kind: 'robust-above-clean', rows: [row], message }]
}

function collapse(row: PublishedRow): Defect[] {
  if (!isAtChance(row)) return []
  const message = `Row ${row.row}: clean accuracy ${row.accuracies['clean']} on ${row.dataset} is at chance.`
  return [{ kind: 'at-chance', rows: [row.row], message }]
}

function isAtChance({ dataset, accuracies }: PublishedRow): boolean {
  const limit = chanceLimit(dataset, catalogueClasses)
  const clean = accuracies['clean'] ?? null
  return limit !== null && clean !== null && clean <= limit
}

function sharedNames(rows: readonly PublishedRow[]): Defect[] {
  const named = rows.filter(({ displayName }) => displayName !== null)
  return [...grouped(named, ({ displayName }) => displayName!)].flatMap(([name, members]) => {
    const backbones = [...new Set(members.map(({ backbone }) => backbone))]
    if (backbones.length < 2) return []
    const message = `The name '${name}' stands for ${backbones.join(' and ')}; figures by name average them.`
    return [{ kind: 'shared-display-name' as const, rows: members.map(({ row }) => row), message }]
  })
}

function withoutWeights(rows: readonly PublishedRow[], linearProbe: string): Defect[] {
  const probes = rows.filter(({ protocol }) => protocol === linearProbe)
  return [...grouped(probes, ({ backbone }) => backbone)].flatMap(([backbone, members]) => {
    const atChance = members.filter(isAtChance).length
    if (atChance < probeShare * members.length) return []
    const probes = `${atChance} of its ${members.length} linear probes are at chance`
    const message = `${backbone} loaded no weights, it seems: ${probes}.`
    return [{ kind: 'no-weights-loaded' as const, rows: members.map(({ row }) => row), message }]
  })
}
