import { describe, expect, it } from 'vitest'
import { expectOneProblem, problemLines, type MalformedStudy } from './malformed-study.fixture.ts'
import { tinyStudyWith as tiny } from './tiny-study.fixture.ts'

const cell = 'digits · tf_efficientnet_lite0.in1k · TRADES · FFT-2 · seed 1'
const pixels = 'Pixels lie in [0, 1], so a Linf radius of 8 allows anything; write 4/255 or the like.'
const notDividing = (microBatch: number, effectiveBatch: number) =>
  `A microBatch of ${microBatch} does not divide the effectiveBatch of ${effectiveBatch}`
const notPinned = (axis: string, id: string, source: string) =>
  `The ${axis} '${id}' is not pinned yet: no digest of ${source} is known; ` +
  `plan the study where it can be reached, which writes f.lock.yaml, or write { id: ${id}, sha256: … }.`

const own = (id: string) => `[{ id: ${id}, source: 'file:x', sha256: ${'a'.repeat(64)} }]`

const files: MalformedStudy[] = [
  [
    'a repeated dataset',
    tiny({ datasets: '[digits, ▲{ id: digits }]' }),
    "The dataset 'digits' stands here twice; keep one.",
  ],
  ['a repeated seed', tiny({ seeds: '[1, 2, ▲1]' }), 'The seed 1 stands here twice; keep one.'],
  [
    'a backbone nobody pinned',
    tiny({ backbones: '[▲resnet50.a1_in1k]' }),
    notPinned('backbone', 'resnet50.a1_in1k', 'hf:timm/resnet50.a1_in1k/model.safetensors@main'),
  ],
  [
    'a dataset nobody pinned',
    tiny({ datasets: '[▲caltech101]' }),
    notPinned('dataset', 'caltech101', 'hf:datasets/MaxHeuillet/RobustGenBench/caltech101_processed.tar.zst@main'),
  ],
  [
    'an ensemble with a strength of one’s own',
    tiny({ evaluator: '▲{ name: standard, iterations: 10 }' }),
    "The evaluator 'standard' has the strength its definition gives it; remove iterations and restarts, or write apgd-ce.",
  ],
  [
    'plain APGD that escalates',
    tiny({ evaluator: '▲{ name: apgd-ce, escalate: true }' }),
    "The evaluator 'apgd-ce' does not escalate; remove escalate, or name an ensemble such as standard.",
  ],
  [
    'a dataset without bytes',
    tiny({ datasets: '[▲{ id: mine, classes: 3 }]' }),
    "The dataset 'mine' needs source too.",
  ],
  [
    'a source without a digest',
    tiny({ datasets: '[▲{ id: digits, source: file:x }]' }),
    "The dataset 'digits' is not pinned yet: no digest of file:x is known; plan the study where it can be reached, which writes f.lock.yaml, or write { id: digits, sha256: … }.",
  ],
  [
    'a digest for several checkpoints',
    tiny({
      backbones: `[{ id: tf_efficientnet_lite0.in1k, checkpoints: [▲file:x], sha256: ${'a'.repeat(64)} }]`,
    }),
    "The checkpoints of 'tf_efficientnet_lite0.in1k' have a digest each; leave sha256 out, since the lock file has them.",
  ],
  [
    'training without a loss',
    tiny({ protocols: '[none, ▲LP-1]', losses: null }),
    'The protocol LP-1 trains, so the study needs losses too.',
  ],
  [
    'wrong classes',
    tiny({ datasets: '[{ id: digits, classes: ▲11 }]' }),
    "The dataset 'digits' has 10 classes; remove this or name another source.",
  ],
  [
    'an evaluator without an attack for so few classes',
    tiny({
      datasets: `[digits, { id: few, classes: 3, source: 'file:x', sha256: ${'a'.repeat(64)} }]`,
      perturbations: '[clean, { name: Linf, evaluator: ▲malt }]',
    }),
    "The evaluator 'malt' has no attack for the 3 classes of 'few', so every image would count as robust; choose another one, such as standard.",
  ],
  [
    'copies that a dataset does not have',
    tiny({ perturbations: '[{ name: common, images: ▲archived }]' }),
    "The dataset 'digits' has no corrupted test images of its own; write images: generated, or leave it out.",
  ],
  [
    'a side that no patches cover',
    tiny({ backbones: own('vit_tiny_patch16_224'), resolution: '▲100' }),
    'vit_tiny_patch16_224 computes with squares whose side is a multiple of 16 pixels, not with 100 × 100; set the resolution to 96.',
  ],
  [
    'a side that no windows cover',
    tiny({ backbones: own('swin_tiny_patch4_window7_224'), datasets: '[{ id: digits, resolution: ▲80 }]' }),
    'swin_tiny_patch4_window7_224 computes with squares whose side is a multiple of 32 pixels, not with 80 × 80; set the resolution to 96.',
  ],
  [
    'a side that is too small',
    tiny({ resolution: '▲16' }),
    'tf_efficientnet_lite0.in1k computes with 32 × 32 pixels or more, not with 16 × 16; set the resolution to 32.',
  ],
  [
    'batch norms of one value',
    tiny({ resolution: '32', hyperparameters: '{ microBatch: ▲1 }' }),
    'With a microBatch of 1, a batch norm of tf_efficientnet_lite0.in1k would have one value per channel at 32 px to take statistics of; set microBatch to 2 or more.',
  ],
  [
    'a ball that has every image in it',
    tiny({ resolution: '32', perturbations: '[{ name: L2, epsilon: ▲128 }]' }),
    'No two images of 32 × 32 pixels in [0, 1] are farther apart than 55.43 in L2, so a radius of 128 allows anything; write one in units of [0, 1].',
  ],
  [
    'an L1 ball that has every image in it',
    tiny({ resolution: '32', perturbations: '[{ name: L1, epsilon: ▲5000 }]' }),
    'No two images of 32 × 32 pixels in [0, 1] are farther apart than 3072 in L1, so a radius of 5000 allows anything; write one in units of [0, 1].',
  ],
  [
    'a ball that has every image of one of two sides in it',
    tiny({
      datasets: `[{ id: digits, resolution: 32 }, { id: mine, classes: 2, ${own('mine').slice(13)}`,
      perturbations: '[{ name: L1, epsilon: ▲3072 }]',
    }),
    'No two images of 32 × 32 pixels in [0, 1] are farther apart than 3072 in L1, so a radius of 3072 allows anything; write one in units of [0, 1].',
  ],
  ['an epsilon in pixel levels', tiny({ perturbations: '[{ name: Linf, epsilon: ▲8 }]' }), pixels],
  ['an inner attack in pixel levels', tiny({ hyperparameters: '{ attackEpsilon: ▲8 }' }), pixels],
  [
    'a repeated perturbation',
    tiny({ perturbations: '[L2, ▲{ name: L2, epsilon: 2.0 }]' }),
    'The perturbation L2 2 (apgd-ce-100) stands here twice; keep one.',
  ],
  [
    'an uneven micro-batch',
    tiny({ hyperparameters: '{ microBatch: ▲60 }' }),
    `${notDividing(60, 1024)}; choose a divisor.`,
  ],
  [
    'a small effective batch',
    tiny({ hyperparameters: '{ effectiveBatch: ▲32 }' }),
    `${notDividing(64, 32)}; choose a divisor.`,
  ],
  [
    'an override with an uneven micro-batch',
    tiny({ overrides: '[{ where: { loss: TRADES }, set: { microBatch: ▲3 } }]' }),
    `${notDividing(3, 1024)} (first in ${cell}); choose a divisor.`,
  ],
  [
    'an override of a loss not in the study',
    tiny({ overrides: '[{ where: { loss: ▲standard }, set: { microBatch: 32 } }]' }),
    "No cell of the study has the loss 'standard'.",
  ],
  [
    'an override of a misspelt dataset',
    tiny({ overrides: '[{ where: { dataset: [▲digitz] }, set: { microBatch: 32 } }]' }),
    "No cell of the study has the dataset 'digitz'; did you mean 'digits'?",
  ],
  [
    'an override of cells that do not meet',
    tiny({
      include: '[{ loss: standard, protocol: FFT-9 }]',
      overrides: '[{ where: ▲{ loss: standard, protocol: FFT-2 }, set: { microBatch: 32 } }]',
    }),
    'No cell of the study fits this pattern; change or remove it.',
  ],
  [
    'an override that nothing reads',
    tiny({ overrides: '[{ where: { loss: Classic AT }, set: { ▲tradesBeta: 6 } }]' }),
    'None of the matching cells reads tradesBeta; remove it here.',
  ],
  [
    'an override that sets nothing',
    tiny({ overrides: '[{ where: { loss: TRADES }, set: ▲{} }]' }),
    'The override sets nothing; name a hyperparameter or remove it.',
  ],
  [
    'an include of a cell of the grid',
    tiny({ include: '[▲{ loss: TRADES }]' }),
    `The cell ${cell} is already in the study; leave it out here.`,
  ],
  [
    'an include of nothing',
    tiny({ include: '[▲{}]' }),
    'The entry names no axis and so matches the grid itself; name at least one.',
  ],
  [
    'an include of an unknown dataset',
    tiny({ include: '[{ dataset: ▲digitz }]' }),
    "'digitz' is not a known dataset; did you mean 'digits'?",
  ],
  [
    'an exclusion of everything',
    tiny({ exclude: '▲[{ where: { dataset: digits }, reason: no }]' }),
    'Every cell is excluded; a study needs at least one.',
  ],
  [
    'an exclusion of nothing',
    tiny({ exclude: '[{ where: { seed: ▲2 }, reason: no }]' }),
    'No cell of the study has the seed 2.',
  ],
  [
    'an exclusion of any cell',
    tiny({ exclude: '[{ where: ▲{}, reason: no }]' }),
    'The pattern names no axis and so matches every cell; name at least one.',
  ],
  [
    'more cells than a study has',
    tiny({
      datasets: '▲[digits]',
      seeds: `[${Array.from({ length: 10_000 }, (_, seed) => seed).join()}]`,
      protocols: '[FFT-1, LP-1]',
    }),
    'The study has 40000 cells or more; at most 20000 are allowed, so split it.',
  ],
]

describe('a study file that contradicts itself or the catalogue', () => {
  it.each(files)('(%s) gets one line with its position', (_, marked, message) => expectOneProblem(marked, message))

  it('names every source that is not pinned, and nothing else', () => {
    const lines = problemLines(tiny({ backbones: '[resnet50.a1_in1k, coat_tiny.in1k]' }))
    expect(lines.map((line) => line.split(': ')[0])).toEqual(['f.study.yaml:3:13', 'f.study.yaml:3:31'])
  })

  it('may have as many cells as a study can have', () => {
    const seeds = Array.from({ length: 10_000 }, (_, seed) => seed)
    expect(problemLines(tiny({ seeds: `[${seeds.join()}]` }))).toEqual([])
  })

  it('is read in seconds with thousands of overrides over thousands of cells', () => {
    const seeds = Array.from({ length: 5_000 }, (_, seed) => seed)
    const overrides = seeds.map((seed) => `{ where: { seed: ${seed}, loss: TRADES }, set: { microBatch: 32 } }`)
    const started = performance.now()
    expect(problemLines(tiny({ seeds: `[${seeds.join()}]`, overrides: `[${overrides.join()}]` }))).toEqual([])
    expect(performance.now() - started).toBeLessThan(10_000)
  })
})
