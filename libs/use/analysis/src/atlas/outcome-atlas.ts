import { heldAt } from '../outcomes/packed-bits.ts'
import { causeAt, countCauses, type PackedCauses } from '../outcomes/packed-causes.ts'

/** What one model did on the images of an atlas, under one perturbation. */
export interface AtlasModel {
  readonly id: string
  /** Family type: fully convolutional, fully attention, hybrid. */
  readonly type: string
  /** Packed outcomes (`packOutcomes`), in the order of the images. */
  readonly held: Uint32Array
  /** What felled each image (`felledBy` of an outcome). Absent where it is not known. */
  readonly felledBy?: PackedCauses
}

/** An image that fell, and for how many models. */
export interface FallenImage {
  readonly image: string
  /** Models for which it fell. */
  readonly fell: number
  /** What felled it, and how often; empty where it is not known. */
  readonly felledBy: Readonly<Record<string, number>>
}

/** Images × models: where models fail together. */
export interface OutcomeAtlas {
  readonly images: number
  readonly models: number
  /** Images that fell for every model. */
  readonly fellForAll: readonly string[]
  /** Images that held for every model. */
  readonly heldForAll: readonly string[]
  /**
   * By family type, the images that fell for models of that type and for none of any other; those that fell for the
   * most models first.
   */
  readonly fellOnlyFor: Readonly<Record<string, readonly FallenImage[]>>
  /** By family type, how many falls each attack has to its name. */
  readonly felledBy: Readonly<Record<string, Readonly<Record<string, number>>>>
}

/**
 * The atlas of outcomes of models on the same images. `images` are their digests, or whatever names them. An image
 * whose unperturbed version is misclassified fell too, to `clean`.
 */
export function outcomeAtlas(images: readonly string[], models: readonly AtlasModel[]): OutcomeAtlas {
  const sizes = countBy(models.map(({ type }) => type))
  const falls = images.map((image, i) => fallsOf(image, i, models))
  const onlyFor = Object.keys(sizes).map((type) => {
    const own = falls.filter(({ fell, byType }) => fell > 0 && byType[type] === fell)
    return [type, own.toSorted((a, b) => b.fell - a.fell).map(withoutTypes)] as const
  })
  return {
    images: images.length,
    models: models.length,
    fellForAll: falls.filter(({ fell }) => fell === models.length).map(({ image }) => image),
    heldForAll: falls.filter(({ fell }) => fell === 0).map(({ image }) => image),
    fellOnlyFor: Object.fromEntries(onlyFor),
    felledBy: attacksByType(models),
  }
}

interface Falls extends FallenImage {
  readonly byType: Readonly<Record<string, number>>
}

function fallsOf(image: string, i: number, models: readonly AtlasModel[]): Falls {
  const fallen = models.filter(({ held }) => !heldAt(held, i))
  return {
    image,
    fell: fallen.length,
    felledBy: countBy(fallen.flatMap(({ felledBy }) => (felledBy && causeAt(felledBy, i)) ?? [])),
    byType: countBy(fallen.map(({ type }) => type)),
  }
}

function withoutTypes({ image, fell, felledBy }: Falls): FallenImage {
  return { image, fell, felledBy }
}

function attacksByType(models: readonly AtlasModel[]): Record<string, Record<string, number>> {
  const types = [...new Set(models.map(({ type }) => type))]
  return Object.fromEntries(
    types.map((type) => {
      const counts = new Map<string, number>()
      for (const { felledBy } of models.filter((model) => model.type === type)) {
        if (!felledBy) continue
        countCauses(felledBy).forEach((count, place) => {
          const name = felledBy.names[place]!
          counts.set(name, (counts.get(name) ?? 0) + count)
        })
      }
      return [type, Object.fromEntries(counts)]
    }),
  )
}

function countBy(names: readonly string[]): Record<string, number> {
  const counts = new Map<string, number>()
  for (const name of names) counts.set(name, (counts.get(name) ?? 0) + 1)
  return Object.fromEntries(counts)
}
