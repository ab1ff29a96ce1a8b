import type { ParameterSpecification } from '@gauntlet/nn'
import { asFloat32, type NamedArray } from './named-array.ts'

/** A checkpoint does not fit its model, tensor for tensor. A retry does not help. */
export class WeightsMismatch extends Error {
  override readonly name = 'WeightsMismatch'
}

/** The most tensors that are named for each kind of fault. */
const mostNamed = 10

/** The result of strict loading. */
export interface LoadReport {
  /** The model's tensors in the order of its specifications, without those of ignored modules. */
  readonly arrays: NamedArray[]
  /**
   * The loaded elements divided by the elements of the model, without counters. It is below 1 only if modules are
   * ignored.
   */
  readonly loadedFraction: number
  /** The tensors of the checkpoint that were left out, because their module is ignored. */
  readonly ignored: string[]
}

/**
 * Matches a checkpoint with a model. Every name, shape and number must be right; all faults are named in one error.
 * `ignore` lists modules (`classifier`) that neither needs to have.
 */
export function loadStrictly(
  arrays: readonly NamedArray[],
  specifications: readonly ParameterSpecification[],
  { ignore = [] }: { ignore?: readonly string[] } = {},
): LoadReport {
  const isIgnored = (name: string) => ignore.some((module) => name === module || name.startsWith(`${module}.`))
  const wanted = specifications.filter(({ name }) => !isIgnored(name))
  const offered = arrays.filter(({ name }) => !isIgnored(name))
  const faults = faultsOf(offered, wanted)
  if (faults.length > 0) {
    throw new WeightsMismatch(
      `The checkpoint does not fit the model (${faults.join('; ')}); give the file that belongs to this backbone.`,
    )
  }
  const byName = new Map(offered.map((array) => [array.name, array]))
  return {
    arrays: wanted.map(({ name }) => byName.get(name)!),
    loadedFraction: weightOf(wanted) / Math.max(1, weightOf(specifications)),
    ignored: arrays.filter(({ name }) => isIgnored(name)).map(({ name }) => name),
  }
}

function faultsOf(offered: readonly NamedArray[], wanted: readonly ParameterSpecification[]): string[] {
  const byName = new Map(wanted.map((specification) => [specification.name, specification]))
  const names = new Set<string>()
  const twice: string[] = []
  for (const { name } of offered) {
    if (names.has(name)) twice.push(name)
    names.add(name)
  }
  const missing = wanted.filter(({ name }) => !names.has(name)).map(({ name }) => name)
  const unexpected = offered.filter(({ name }) => !byName.has(name)).map(({ name }) => name)
  const known = offered.filter(({ name }) => byName.has(name))
  const apart = differingCopies(offered, wanted)
  return [
    ...listed('missing', missing),
    ...listed('unexpected', unexpected),
    ...listed('given twice', twice),
    ...misfits(known.flatMap((array) => faultOf(array, byName.get(array.name)!))),
    ...listed('unlike the tensor they share', apart),
  ]
}

/**
 * Further names of shared tensors whose numbers differ from those of the first name. The model can have only one of
 * them.
 */
function differingCopies(offered: readonly NamedArray[], wanted: readonly ParameterSpecification[]): string[] {
  const byName = new Map(offered.map((array) => [array.name, array]))
  return wanted.flatMap(({ name, sharedWith }) => {
    const [copy, first] = [byName.get(name), byName.get(sharedWith ?? name)]
    if (!copy || !first || copy === first) return []
    const numbers = asFloat32(first)
    return asFloat32(copy).every((value, i) => value === numbers[i]) ? [] : [name]
  })
}

function misfits(faults: readonly string[]): string[] {
  return faults.length > 0 ? [someOf(faults, '; ')] : []
}

function listed(label: string, names: readonly string[]): string[] {
  return names.length > 0 ? [`${label}: ${someOf(names.map(shortened), ', ')}`] : []
}

/** Some of the items, and how many there are. */
function someOf(items: readonly string[], separator: string): string {
  const rest = items.length - mostNamed
  return rest > 0
    ? `${items.slice(0, mostNamed).join(separator)} and ${rest} more, ${items.length} in all`
    : items.join(separator)
}

/** A name in a length for a sentence, since names come from the file and may be as long as it. */
function shortened(name: string): string {
  return name.length > 100 ? `${name.slice(0, 100)}…` : name
}

function faultOf(array: NamedArray, { name, shape, kind }: ParameterSpecification): string[] {
  if (array.shape.join() !== shape.join())
    return [`${name} is [${array.shape.join(', ')}] instead of [${shape.join(', ')}]`]
  if (kind === 'counter') return /^u?int/.test(array.dtype) ? [] : [`${name} is ${array.dtype} instead of an integer`]
  if (!/float/.test(array.dtype)) return [`${name} is ${array.dtype} instead of a floating-point type`]
  const strange = asFloat32(array).findIndex((value) => !Number.isFinite(value))
  return strange >= 0 ? [`${name} has a number that is not finite at ${strange}`] : []
}

function weightOf(specifications: readonly ParameterSpecification[]): number {
  return specifications
    .filter(({ kind }) => kind !== 'counter')
    .reduce((sum, { shape }) => sum + shape.reduce((a, b) => a * b, 1), 0)
}
