import { causeAt, heldAt, type FallenImage, type StudyAtlas } from '@gauntlet/analysis'
import { csvOf } from '../csv.ts'
import { decimals, exact, words, type Table } from './table.ts'

/** Of each dataset and perturbation: how many images fell for all models, for none, and only for one type of model. */
export function atlasTable(atlases: readonly StudyAtlas[]): Table {
  const types = [...new Set(atlases.flatMap(({ fellOnlyFor }) => Object.keys(fellOnlyFor)))]
  return {
    id: 'atlas',
    title: 'Where models fail together',
    note: '“Only” counts images that fell for models of that type and for no other; φ is the mean correlation of the outcomes of two models.',
    columns: [
      { key: 'dataset', heading: 'dataset' },
      { key: 'perturbation', heading: 'perturbation' },
      { key: 'models', heading: 'models', isNumeric: true },
      { key: 'images', heading: 'images', isNumeric: true },
      { key: 'fell-for-all', heading: 'fell for all', isNumeric: true },
      { key: 'held-for-all', heading: 'held for all', isNumeric: true },
      ...types.map((type) => ({ key: `only-${type}`, heading: `only ${type}`, isNumeric: true })),
      { key: 'phi', heading: 'mean φ', isNumeric: true },
    ],
    rows: atlases.map((atlas) => ({
      key: `${atlas.dataset}/${atlas.perturbation}`,
      cells: [
        words(atlas.dataset),
        words(atlas.perturbation),
        exact(atlas.models),
        exact(atlas.images),
        exact(atlas.fellForAll.length),
        exact(atlas.heldForAll.length),
        ...types.map((type) => exact(atlas.fellOnlyFor[type]?.length ?? 0)),
        decimals(atlas.agreement.meanPhi, 2),
      ],
    })),
  }
}

/** Which attack felled how many images, by type of model. */
export function felledByTable(atlases: readonly StudyAtlas[]): Table {
  return {
    id: 'felled-by',
    title: 'What felled the images',
    note: 'Falls of all models of a type, by the attack or corruption that felled the image; “clean” where it was misclassified unperturbed.',
    columns: [
      { key: 'dataset', heading: 'dataset' },
      { key: 'perturbation', heading: 'perturbation' },
      { key: 'type', heading: 'type' },
      { key: 'by', heading: 'felled by' },
      { key: 'count', heading: 'falls', isNumeric: true },
    ],
    rows: atlases.flatMap(({ dataset, perturbation, felledBy }) =>
      Object.entries(felledBy).flatMap(([type, counts]) =>
        Object.entries(counts)
          .toSorted(([, a], [, b]) => b - a)
          .map(([by, count]) => ({
            key: [dataset, perturbation, type, by].join('/'),
            cells: [words(dataset), words(perturbation), words(type), words(by), exact(count)],
          })),
      ),
    ),
  }
}

const shownImages = 12

/** Which images fell for every model, and which only for models of one type; atlas.csv has them all. */
export function fallenImagesTable(atlases: readonly StudyAtlas[]): Table {
  return {
    id: 'fallen-images',
    title: 'Which images fell',
    note: `The first ${shownImages} of each group by the first twelve digits of their digests, those that fell most often first; atlas.csv has every image.`,
    columns: [
      { key: 'dataset', heading: 'dataset' },
      { key: 'perturbation', heading: 'perturbation' },
      { key: 'group', heading: 'fell for' },
      { key: 'count', heading: 'images', isNumeric: true },
      { key: 'images', heading: 'which' },
    ],
    rows: atlases.flatMap(({ dataset, perturbation, fellForAll, fellOnlyFor }) => {
      const only = Object.entries(fellOnlyFor).map(
        ([type, images]) => [`only ${type}`, images.map(({ image }) => image)] as const,
      )
      const groups = [['every model', fellForAll] as const, ...(only.length > 1 ? only : [])]
      return groups
        .filter(([, images]) => images.length > 0)
        .map(([group, images]) => ({
          key: [dataset, perturbation, group].join('/'),
          cells: [words(dataset), words(perturbation), words(group), exact(images.length), words(namesOf(images))],
        }))
    }),
  }
}

function namesOf(images: readonly string[]): string {
  const shown = images.slice(0, shownImages).map((image) => image.slice(0, 12))
  return [...shown, ...(images.length > shown.length ? [`and ${images.length - shown.length} more`] : [])].join(', ')
}

/** How far each model holds and falls on the same images as the others, and which one is the most alike. */
export function agreementTable(atlases: readonly StudyAtlas[]): Table {
  return {
    id: 'agreement',
    title: 'Agreement between models',
    note: 'φ is the correlation of two models’ outcomes, κ Cohen’s. Models that always hold or always fall have none.',
    columns: [
      { key: 'dataset', heading: 'dataset' },
      { key: 'perturbation', heading: 'perturbation' },
      { key: 'model', heading: 'model' },
      { key: 'mean-phi', heading: 'mean φ', isNumeric: true },
      { key: 'most-alike', heading: 'most alike' },
      { key: 'phi', heading: 'its φ', isNumeric: true },
      { key: 'kappa', heading: 'its κ', isNumeric: true },
    ],
    rows: atlases.flatMap(({ dataset, perturbation, rows, agreement }) =>
      rows.map(({ model }, i) => {
        const { meanPhi, closest } = agreement.models[i]!
        return {
          key: [dataset, perturbation, model].join('/'),
          cells: [
            words(dataset),
            words(perturbation),
            words(model),
            decimals(meanPhi, 2),
            words(closest ? rows[closest.place]!.model : undefined),
            decimals(closest?.phi, 2),
            decimals(closest?.kappa, 2),
          ],
        }
      }),
    ),
  }
}

/**
 * Every image of every atlas as CSV: for how many models it fell, of which types, and what felled it how often, such as
 * `apgd-ce 3; square 1`.
 */
export function atlasCsv(atlases: readonly StudyAtlas[]): string {
  const lines = atlases.flatMap(({ dataset, perturbation, imageNames, rows }) =>
    imageNames.map((image, i) => {
      const fallen = rows.filter(({ held }) => !heldAt(held, i))
      const types = [...new Set(fallen.map(({ type }) => type))].sort()
      const attacks = new Map<string, number>()
      for (const { felledBy } of fallen) {
        const by = felledBy && causeAt(felledBy, i)
        if (by) attacks.set(by, (attacks.get(by) ?? 0) + 1)
      }
      const by = [...attacks].map(([name, count]) => `${name} ${count}`).join('; ')
      return [dataset, perturbation, image, fallen.length, rows.length, types.join('; '), by]
    }),
  )
  return csvOf([['dataset', 'perturbation', 'image', 'fell', 'models', 'types', 'felled_by'], ...lines])
}

const hardestShown = 10

/** An image of a dataset, and how often it fell by what. */
export interface HardestImage extends FallenImage {
  readonly dataset: string
}

/**
 * The images of each dataset that fell most often over all models and perturbations, counted over every image as
 * atlas.csv has them; equals in the order of the images.
 */
export function hardestImages(atlases: readonly StudyAtlas[]): HardestImage[] {
  const datasets = [...new Set(atlases.map(({ dataset }) => dataset))]
  return datasets.flatMap((dataset) => {
    const own = atlases.filter((atlas) => atlas.dataset === dataset)
    const hardest = [...fallsOf(own)].sort(([, a], [, b]) => b - a).slice(0, hardestShown)
    const causes = causesOf(own, new Set(hardest.map(([image]) => image)))
    return hardest.map(([image, fell]) => ({ image, dataset, fell, felledBy: Object.fromEntries(causes.get(image)!) }))
  })
}

/** How often each image fell, over all models of all atlases. */
function fallsOf(atlases: readonly StudyAtlas[]): Map<string, number> {
  const falls = new Map<string, number>()
  for (const { imageNames, rows } of atlases)
    imageNames.forEach((image, i) => {
      const fell = rows.filter(({ held }) => !heldAt(held, i)).length
      falls.set(image, (falls.get(image) ?? 0) + fell)
    })
  return falls
}

/** What felled each of some images how often, over all models of all atlases. */
function causesOf(atlases: readonly StudyAtlas[], images: ReadonlySet<string>): Map<string, Map<string, number>> {
  const causes = new Map([...images].map((image) => [image, new Map<string, number>()]))
  for (const { imageNames, rows } of atlases)
    imageNames.forEach((image, i) => {
      const counts = causes.get(image)
      if (!counts) return
      for (const { held, felledBy } of rows) {
        const by = felledBy && !heldAt(held, i) && causeAt(felledBy, i)
        if (by) counts.set(by, (counts.get(by) ?? 0) + 1)
      }
    })
  return causes
}
