import type { NamedArray } from '@gauntlet/weights'
import type { Backbone } from '../backbone.ts'
import { isHead } from './fresh-head.ts'
import { refuseCheckpoint } from './refuse-checkpoint.ts'

/** Modules that PyTorch puts around any other module: `torch.compile`, FSDP, activation checkpointing. */
const transparent = /(^|\.)(?:_orig_mod|_fsdp_wrapped_module|_checkpoint_wrapped_module|_forward_module)\./g

/** The deepest prefix that is looked for, in modules. */
const deepestPrefix = 4

/**
 * Removes what tools put around the names of a model: transparent modules, and the prefix under which most of the
 * model's names are found (`module.`, `model.`, `backbone.`, …). Tensors beside that prefix stay as they are; a second
 * copy of the model among them is left out where it is equal, and refused where it is not. `changes` is told.
 */
export function withoutWrappers(found: readonly NamedArray[], backbone: Backbone, changes: string[]): NamedArray[] {
  const bare = withoutTransparent(found, changes)
  const wanted = new Set(bodyNames(backbone))
  const prefix = bestPrefix(bare, backbone, wanted)
  if (prefix === '') return bare
  const inside = bare.filter(({ name }) => name.startsWith(prefix))
  changes.push(`the prefix ${prefix} of ${inside.length} names is stripped`)
  const model = inside.map((array) => ({ ...array, name: array.name.slice(prefix.length) }))
  const beside = bare.filter(({ name }) => !name.startsWith(prefix))
  return [...model, ...withoutCopies(beside, model, prefix, changes)]
}

function withoutTransparent(found: readonly NamedArray[], changes: string[]): NamedArray[] {
  const arrays = found.map((array) => ({ ...array, name: array.name.replace(transparent, '$1') }))
  const renamed = arrays.filter(({ name }, i) => name !== found[i]!.name).length
  if (renamed > 0) changes.push(`modules that compiling or sharding put into ${renamed} names are removed`)
  const kept = arrays.filter(({ name }) => name !== 'n_averaged')
  if (kept.length < arrays.length) changes.push('n_averaged, the count of averaged models, is left out')
  return kept
}

function bodyNames(backbone: Backbone): string[] {
  return backbone
    .specifications(1)
    .map(({ name }) => name)
    .filter((name) => !isHead(backbone, name))
}

/** The prefix without which the most names of the model are found; none unless it finds more than no prefix does. */
function bestPrefix(arrays: readonly NamedArray[], backbone: Backbone, wanted: ReadonlySet<string>): string {
  let [best, most] = ['', fit(arrays, backbone, wanted)]
  if (most === wanted.size) return best
  for (const prefix of prefixesOf(arrays)) {
    const inside = arrays.filter(({ name }) => name.startsWith(prefix))
    const stripped = inside.map((array) => ({ ...array, name: array.name.slice(prefix.length) }))
    const found = fit(stripped, backbone, wanted)
    if (found > most) [best, most] = [prefix, found]
  }
  return best
}

/** How many names of the model's body an array has after conversion. */
function fit(arrays: readonly NamedArray[], backbone: Backbone, wanted: ReadonlySet<string>): number {
  const names = new Set(backbone.convertCheckpoint(arrays).map(({ name }) => name))
  return [...wanted].filter((name) => names.has(name)).length
}

/** The prefixes that at least a quarter of the names have, the shallowest first. */
function prefixesOf(arrays: readonly NamedArray[]): string[] {
  const counts = new Map<string, number>()
  for (const { name } of arrays) {
    const modules = name.split('.').slice(0, -1)
    for (let depth = 1; depth <= Math.min(deepestPrefix, modules.length); depth++) {
      const prefix = `${modules.slice(0, depth).join('.')}.`
      counts.set(prefix, (counts.get(prefix) ?? 0) + 1)
    }
  }
  const common = [...counts].filter(([, count]) => count >= arrays.length / 4).map(([prefix]) => prefix)
  return common.sort((a, b) => a.split('.').length - b.split('.').length)
}

/** Leaves out tensors that say again what the model's say, such as the model that an attacker holds. */
function withoutCopies(
  beside: readonly NamedArray[],
  model: readonly NamedArray[],
  prefix: string,
  changes: string[],
): NamedArray[] {
  const byName = new Map(model.map((array) => [array.name, array]))
  const originalOf = new Map<NamedArray, NamedArray>()
  for (const array of beside) {
    const parts = array.name.split('.')
    const original = parts.map((_, i) => byName.get(parts.slice(i).join('.'))).find((each) => each !== undefined)
    if (original) originalOf.set(array, original)
  }
  if (originalOf.size < model.length / 2) return [...beside]
  const other = [...originalOf].find(([copy, original]) => !isEqual(copy, original))
  if (other) {
    const [{ name }, original] = other
    refuseCheckpoint(
      `The checkpoint has two models with different numbers, by ${prefix} and by ${name.slice(0, -original.name.length)}; save the one that is meant by itself.`,
    )
  }
  changes.push(`an equal copy of the model, ${originalOf.size} tensors beside ${prefix}, is left out`)
  return beside.filter((array) => !originalOf.has(array))
}

function isEqual(a: NamedArray, b: NamedArray): boolean {
  return a.dtype === b.dtype && a.data.length === b.data.length && a.data.every((value, i) => value === b.data[i])
}
