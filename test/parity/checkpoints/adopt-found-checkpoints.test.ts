import { adoptCheckpoint, type AdoptedCheckpoint, type Adoption } from '@gauntlet/backbones'
import { asFloat32, openCheckpoint, readSafetensors, type NamedArray } from '@gauntlet/weights'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { tinyBackbone } from './tiny-backbone.ts'

const folder = join(import.meta.dirname, 'fixtures')
const expected = readSafetensors(readFileSync(join(folder, 'expected.safetensors'))).arrays

/** What is said of each checkpoint that loads with its head, in parts of sentences; none where nothing was done. */
const kept: Readonly<Record<string, readonly string[]>> = {
  'plain.pth': [],
  'legacy.pth': [],
  'save-file.safetensors': [],
  'save-model.safetensors': ['2 shared tensors have the names again'],
  'data-parallel.pth': ['the prefix module. of 14 names is stripped'],
  'distributed.pth': ['the prefix module. of'],
  'compiled.pth': ['modules that compiling or sharding put into 14 names are removed'],
  'compiled-distributed.pth': ['modules that compiling', 'the prefix module.'],
  'compiled-save-model.safetensors': ['2 shared tensors', 'modules that compiling'],
  'compiled-block.pth': ['modules that compiling or sharding put into 2 names are removed'],
  'averaged.pth': ['n_averaged', 'the prefix module.'],
  'timm-ema.pth': ['the prefix module.'],
  'timm-train.pth': ['those of "state_dict"; "state_dict_ema" beside it is left out'],
  'lightning.ckpt': ['the prefix model.'],
  'lightning-net.ckpt': ['the prefix net.'],
  'lightning-compiled.ckpt': ['modules that compiling', 'the prefix model.'],
  'model-state-dict.pth': [],
  'model-ema.pth': [],
  'ema.pth': ['the prefix module.'],
  'net.pth': ['the prefix module.'],
  'own-key.pth': [],
  'backbone.pth': ['the prefix backbone.'],
  'deep-prefix.pth': ['the prefix module.encoder.net.model.'],
  'normalised.pth': ['the prefix model.', 'normalisation of images (normalize.mean, normalize.std)'],
  'normalised-sequential.pth': ['the prefix 1.', 'normalisation of images (0.mean, 0.std)'],
  'madry.pt': ['the prefix module.model.', 'an equal copy of the model', 'normalisation of images'],
  'half.pth': ['13 tensors are float16'],
  'half.safetensors': ['13 tensors are float16'],
  'bfloat16.safetensors': ['13 tensors are bfloat16'],
  'all-half.pth': ['13 tensors are float16'],
  'double.pth': ['13 tensors are float64'],
  'no-counters.pth': ['1 missing counter of batches is filled with 0'],
  'tied-left-out.safetensors': ['2 shared tensors that were written once have all their names again'],
}

/** The checkpoints with another head, and what is said of it: where it is to be kept, and where it is not. */
const otherHeads: Readonly<Record<string, { readonly keeping: RegExp | string; readonly replacing: string }>> = {
  'other-classes.pth': { keeping: /tells 7 classes apart, not 3/, replacing: 'fc.weight [7, 4]' },
  'no-head.pth': { keeping: /has no head \(fc\), so it predicts nothing/, replacing: '' },
  'mlp-head.pth': { keeping: /is not one linear layer on the 4 features of tiny/, replacing: 'fc.2.weight [3, 8]' },
  'dropout-head.pth': { keeping: 'its head fc.1 is fc here', replacing: 'fc.1.weight [3, 4]' },
  'own-head.pth': { keeping: 'its head classifier is fc here', replacing: 'classifier.weight [3, 4]' },
  'no-bias.pth': { keeping: 'fc.bias is missing and filled with 0', replacing: 'fc.weight [3, 4]' },
}

/** The checkpoints that are refused whatever becomes of their head, each with the sentence that helps. */
const refused: Readonly<Record<string, RegExp>> = {
  'normalised-otherwise.pth': /normalises images itself, by normalize.mean \[0.5, 0.5, 0.5\].*write the input contract/,
  'two-models.pth': /two models with different numbers, by student\. and by teacher\.; save the one/,
  'other-model.pth': /does not fit the model \(missing: conv1.weight.*give the file that belongs to this backbone/,
  'lacks-a-tensor.pth': /missing: blocks.1.weight/,
  'extra-tensor.pth': /unexpected: adapter.weight/,
  'other-shape.pth': /conv1.weight is \[4, 3, 5, 5\] instead of \[4, 3, 3, 3\]/,
  'not-a-number.pth': /bn1.bias has a number that is not finite at 0/,
  'whole-model.pth': /a whole pickled model is code|class|cannot be read/,
  'torchscript.pt': /cannot be read/,
  'lfs-pointer.safetensors': /a Git LFS pointer.*git lfs pull/,
  'login.pth': /a web page.*download the file itself/,
}

it('has an expectation for every checkpoint, and no other', () => {
  const named = [...Object.keys(kept), ...Object.keys(otherHeads), ...Object.keys(refused), 'expected.safetensors']
  expect(readdirSync(folder).sort()).toEqual(named.sort())
  expect(named.length).toBeGreaterThanOrEqual(40)
})

describe.each(Object.entries(kept))('%s', (file, sentences) => {
  it('is loaded equal, with its head, and says what was done to it', () => {
    const { arrays, classes, changes } = adopted(file, { head: 'kept', classes: 3 })
    expect(classes).toBe(3)
    expect(changes.map((change, i) => change.includes(sentences[i] ?? '\0'))).toEqual(sentences.map(() => true))
    expectEqual(arrays, expected)
  })

  it('is loaded equal without its head', () => {
    const { arrays, classes, changes } = adopted(file, { head: 'replaced' })
    expect(classes).toBeNull()
    expect(changes).toContainEqual(
      expect.stringMatching(/^the head \((fc.weight \[3, 4\](, )?|fc.bias \[3\](, )?){2}\) is left out/),
    )
    expectEqual(arrays, withoutHead(expected))
  })
})

describe.each(Object.entries(otherHeads))('%s', (file, { keeping, replacing }) => {
  it('keeps its head where it can, and else says why not', () => {
    const keep = () => adopted(file, { head: 'kept', classes: 3 })
    if (typeof keeping !== 'string') return expect(keep).toThrow(keeping)
    const { arrays, changes } = keep()
    expect(changes).toContainEqual(expect.stringContaining(keeping))
    expect(arrays.map(({ name }) => name)).toEqual(expected.map(({ name }) => name).sort(inOrder))
    expectEqual(withoutHead(arrays), withoutHead(expected))
  })

  it('is loaded equal without its head', () => {
    const { arrays, changes } = adopted(file, { head: 'replaced' })
    expect(changes.join()).toContain(replacing)
    expectEqual(arrays, withoutHead(expected))
  })
})

it.each(Object.entries(refused))('%s is refused in a sentence that helps', (file, sentence) => {
  for (const head of ['kept', 'replaced'] as const) {
    expect(() => adopted(file, { head })).toThrow(sentence)
    expect(() => adopted(file, { head })).toThrow(
      expect.objectContaining({ name: expect.stringMatching(/^(WeightsMismatch|CheckpointUnreadable)$/) }),
    )
  }
})

it('leaves out any normalisation for callers who normalise images themselves', () => {
  const { arrays } = adopted('normalised-otherwise.pth', { head: 'kept', normalised: true })
  expectEqual(arrays, expected)
})

function adopted(file: string, adoption: Adoption): AdoptedCheckpoint {
  return adoptCheckpoint(tinyBackbone, openCheckpoint(join(folder, file)), adoption)
}

const order = tinyBackbone.specifications(3).map(({ name }) => name)

function inOrder(a: string, b: string): number {
  return order.indexOf(a) - order.indexOf(b)
}

function withoutHead(arrays: readonly NamedArray[]): NamedArray[] {
  return arrays.filter(({ name }) => !name.startsWith('fc.'))
}

/** Expects the same names and numbers; half precision may round, and counters are no numbers of the model. */
function expectEqual(arrays: readonly NamedArray[], wanted: readonly NamedArray[]): void {
  const sorted = [...wanted].sort((a, b) => inOrder(a.name, b.name))
  expect(arrays.map(({ name, shape }) => [name, shape])).toEqual(sorted.map(({ name, shape }) => [name, shape]))
  arrays.forEach((array, i) => {
    if (array.name.endsWith('num_batches_tracked')) return
    const digits = { float16: 3, bfloat16: 2 }[array.dtype as string] ?? 7
    const numbers = asFloat32(sorted[i]!)
    asFloat32(array).forEach((value, at) => expect(value).toBeCloseTo(numbers[at]!, digits))
  })
}
