import { loadStrictly, type NamedArray } from '@gauntlet/weights'
import type { Backbone } from '../backbone.ts'
import { isHead } from './fresh-head.ts'
import { refuseCheckpoint } from './refuse-checkpoint.ts'

/** What people call the part that they put behind a backbone, as the first module of a name. */
const headModules =
  /^(?:heads?|fc\d*|classifiers?|linear|last_linear|logits|cls|lin|output|out|projector|projection_head|mlp_head|new_head|head_\w+|fc_\w+|final|top|prediction)(?:\.|$)/

/** The tensors of a checkpoint: its body, the model's own classifier, and other tensors that belong to a head. */
interface BodyAndHead {
  readonly body: NamedArray[]
  readonly own: NamedArray[]
  readonly other: NamedArray[]
}

/** Tells the head of a checkpoint, whatever it is, from its body. */
export function bodyAndHead(named: readonly NamedArray[], backbone: Backbone): BodyAndHead {
  const known = new Set(backbone.specifications(1).map(({ name }) => name))
  const parts: BodyAndHead = { body: [], own: [], other: [] }
  for (const array of named) {
    const { name } = array
    if (known.has(name)) parts[isHead(backbone, name) ? 'own' : 'body'].push(array)
    else parts[isHead(backbone, name) || headModules.test(name) ? 'other' : 'body'].push(array)
  }
  return parts
}

export function noteReplaced(head: readonly NamedArray[], changes: string[]): void {
  if (head.length > 0) changes.push(`the head (${describe(head)}) is left out; training puts a new one there`)
}

/**
 * The classifier to keep: the model's own, or one linear layer of another name that reads the same features. Throws
 * `WeightsMismatch` where there is none, or none for `classes` classes, if a number is given.
 */
export function keptHead(
  own: readonly NamedArray[],
  other: readonly NamedArray[],
  backbone: Backbone,
  classes: number | null,
  changes: string[],
): { readonly arrays: NamedArray[]; readonly classes: number } {
  const found = own.length > 0 ? [...own, ...other] : renamed(other, backbone, changes)
  const count = classesOf(found, backbone, classes)
  const specifications = backbone.specifications(count).filter(({ name }) => isHead(backbone, name))
  return { arrays: loadStrictly(withBias(found, backbone, changes), specifications), classes: count }
}

/** A linear layer of another name as the model's classifier. */
function renamed(other: readonly NamedArray[], backbone: Backbone, changes: string[]): NamedArray[] {
  if (other.length === 0)
    refuseCheckpoint(
      `The checkpoint has no head (${backbone.classifier}), so it predicts nothing; train one with a protocol such as LP-5.`,
    )
  const weights = other.filter(({ shape }) => shape.length === 2)
  const [weight] = weights
  const fits = weights.length === 1 && other.length <= 2 && weight!.shape[1] === backbone.features
  if (!fits)
    refuseCheckpoint(
      `The checkpoint's head (${describe(other)}) is not one linear layer on the ${backbone.features} features of ${backbone.id}, and so cannot be kept; fine-tune the checkpoint, which replaces its head.`,
    )
  changes.push(`its head ${weight!.name.replace(/\.weight$/, '')} is ${backbone.classifier} here`)
  return other.map((array) => ({
    ...array,
    name: `${backbone.classifier}.${array === weight ? 'weight' : 'bias'}`,
  }))
}

/** The head with a bias of zeros where it has none. */
function withBias(kept: readonly NamedArray[], backbone: Backbone, changes: string[]): NamedArray[] {
  const name = `${backbone.classifier}.bias`
  const weight = kept.find((array) => array.name === `${backbone.classifier}.weight`)
  if (!weight || kept.some((array) => array.name === name)) return [...kept]
  changes.push(`${name} is missing and filled with 0`)
  const classes = weight.shape[0]!
  return [...kept, { name, dtype: 'float32', shape: [classes], data: new Float32Array(classes) }]
}

function classesOf(kept: readonly NamedArray[], backbone: Backbone, wanted: number | null): number {
  const weight = kept.find(({ name }) => name === `${backbone.classifier}.weight`)
  const classes = weight?.shape[0]
  if (classes === undefined || classes === 0)
    return refuseCheckpoint(`The checkpoint lacks ${backbone.classifier}.weight; give the whole file.`)
  if (wanted !== null && classes !== wanted)
    refuseCheckpoint(
      `The checkpoint's head tells ${classes} classes apart, not ${wanted}; give the dataset that it was trained on, or fine-tune it, which replaces its head.`,
    )
  return classes
}

/** `fc.weight [4, 512], fc.bias [4]`, the first few. */
function describe(arrays: readonly NamedArray[]): string {
  const texts = arrays.slice(0, 4).map(({ name, shape }) => `${name.slice(0, 100)} [${shape.join(', ')}]`)
  return `${texts.join(', ')}${arrays.length > 4 ? `, and ${arrays.length - 4} more` : ''}`
}
