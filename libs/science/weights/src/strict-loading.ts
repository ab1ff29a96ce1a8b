import type { ParameterSpecification } from '@gauntlet/nn'
import { asFloat32, type NamedArray } from './named-array.ts'

/** A checkpoint does not fit its model, tensor for tensor. A retry does not help. */
export class WeightsMismatch extends Error {
  override readonly name = 'WeightsMismatch'
}

/** The most tensors that are named for each kind of fault. */
const mostNamed = 10

/**
 * The tensors of a model from a checkpoint that must have exactly these, in the order of the specifications. Every
 * name, shape and number must be right; all faults are named in one error.
 */
export function loadStrictly(
  arrays: readonly NamedArray[],
  specifications: readonly ParameterSpecification[],
): NamedArray[] {
  const faults = faultsOf(arrays, specifications)
  if (faults.length > 0) {
    throw new WeightsMismatch(
      `The checkpoint does not fit the model (${faults.join('; ')}); give the file that belongs to this backbone.`,
    )
  }
  const byName = new Map(arrays.map((array) => [array.name, array]))
  return specifications.map(({ name }) => byName.get(name)!)
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
