import { uniform } from '@gauntlet/engine'
import { elementCount, type NamedArray } from '@gauntlet/weights'
import type { Backbone } from '../backbone.ts'

/**
 * A classifier for new classes, initialised as `torch.nn.Linear` is: weight and bias are uniform in ± 1 / √features.
 * The numbers depend on seed and name only, so that every machine starts from the same bits. They are not PyTorch's,
 * whose generator differs.
 */
export function freshHead(backbone: Backbone, classes: number, seed: number): NamedArray[] {
  const bound = 1 / Math.sqrt(backbone.features)
  return backbone
    .specifications(classes)
    .filter(({ name }) => isHead(backbone, name))
    .map(({ name, shape }) => {
      const data = uniform({ seed, purpose: `fresh-head/${name}` }, elementCount(shape)).map((u) => (2 * u - 1) * bound)
      return { name, dtype: 'float32', shape, data }
    })
}

/** Whether a parameter is trained as part of the head: at its learning rate, and in linear probing. */
export function learnsAsHead(backbone: Backbone, name: string): boolean {
  return (backbone.head !== undefined && name.startsWith(`${backbone.head}.`)) || isHead(backbone, name)
}

/** Whether a parameter belongs to a classifier. */
export function isHead({ classifier, otherClassifiers = [] }: Backbone, name: string): boolean {
  return [classifier, ...otherClassifiers].some((module) => name.startsWith(`${module}.`))
}
