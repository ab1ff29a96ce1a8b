import type { FallenImage, StudyAtlas } from '@gauntlet/analysis'
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
        decimals(meanPhi(atlas), 2),
      ],
    })),
  }
}

function meanPhi({ agreements }: StudyAtlas): number | null {
  const values = agreements.flatMap((row, i) => row.slice(i + 1).flatMap(({ phi }) => (phi === null ? [] : [phi])))
  return values.length === 0 ? null : values.reduce((sum, value) => sum + value, 0) / values.length
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

/** The hardest images over all perturbations of each dataset, those that fell most often first. */
export function hardestImages(atlases: readonly StudyAtlas[]): (FallenImage & { readonly dataset: string })[] {
  const datasets = [...new Set(atlases.map(({ dataset }) => dataset))]
  return datasets.flatMap((dataset) => {
    const falls = new Map<string, { fell: number; felledBy: Record<string, number> }>()
    for (const atlas of atlases.filter((one) => one.dataset === dataset))
      for (const { image, fell, felledBy } of atlas.hardest) {
        const known = falls.get(image) ?? { fell: 0, felledBy: {} }
        known.fell += fell
        for (const [by, count] of Object.entries(felledBy)) known.felledBy[by] = (known.felledBy[by] ?? 0) + count
        falls.set(image, known)
      }
    return [...falls]
      .map(([image, known]) => ({ image, dataset, ...known }))
      .sort((a, b) => b.fell - a.fell)
      .slice(0, 10)
  })
}
