import { describe, expect, it } from 'vitest'
import { expectOneProblem, problemLines, type MalformedStudy } from './malformed-study.fixture.ts'
import { tinyStudyWith as tiny } from './tiny-study.fixture.ts'

const files: MalformedStudy[] = [
  ['a list', '- name: tiny\n', 'The file must be a map of keys and values, not a list.'],
  ['plain text', '-----BEGIN PRIVATE KEY-----\nMIGH\n', 'The file must be a map of keys and values, not plain text.'],
  ['a misspelt key', `${tiny({})}▲sedes: [1]\n`, "'sedes' is not a key of a study file; did you mean 'seeds'?"],
  [
    'a merge key',
    `${tiny({})}▲<<: { seeds: [1] }\n`,
    "'<<' is not a key of a study file; study.schema.json lists its keys.",
  ],
  [
    'a prototype as key',
    `${tiny({})}▲__proto__: { seeds: [1] }\n`,
    "'__proto__' is not a key of a study file; study.schema.json lists its keys.",
  ],
  ['no name', tiny({ name: null }), "'name' is missing; give text."],
  ['a name that is a number', tiny({ name: '▲7' }), "'name' must be text, not 7."],
  [
    'a name with spaces',
    tiny({ name: '▲Tiny Study' }),
    'A study name has lower-case letters, digits and dashes, 63 at most.',
  ],
  ['no datasets', tiny({ datasets: null }), "'datasets' is missing; give a list."],
  [
    'datasets without a value',
    tiny({ datasets: '' }).replace('datasets: ', 'datasets: ▲'),
    "'datasets' must be a list, not nothing.",
  ],
  ['an empty axis', tiny({ datasets: '▲[]' }), "'datasets' is empty; a study without it has no cells."],
  ['a word instead of a list', tiny({ losses: '▲TRADES' }), "'losses' must be a list, not 'TRADES'."],
  [
    'a whole number that is not safe either',
    tiny({ images: '{ test: ▲99999999999999999999 }' }),
    "'images.test' must be at most 100000000, not 100000000000000000000.",
  ],
  ['a number as dataset', tiny({ datasets: '[▲7]' }), "'datasets[0]' must be text or a map of keys and values, not 7."],
  ['an unknown dataset', tiny({ datasets: '[▲digit]' }), "'digit' is not a known dataset; did you mean 'digits'?"],
  [
    'an unknown dataset in a block list',
    tiny({ datasets: '\n  - digits\n  - ▲cars' }),
    "'cars' is not a known dataset; did you mean 'stanford_cars'?",
  ],
  [
    'an unknown backbone',
    tiny({ backbones: '[▲resnet51]' }),
    "'resnet51' is not a known backbone; did you mean 'resnet50'?",
  ],
  [
    'an unknown loss',
    tiny({ losses: '[▲trades, Classic AT]' }),
    "'trades' is not a known loss; did you mean 'TRADES'?",
  ],
  [
    'a loss like no other',
    tiny({ losses: '[▲focal]' }),
    "'focal' is not a known loss; known are standard, Classic AT, TRADES.",
  ],
  [
    'no epochs',
    tiny({ protocols: '[▲FFT-0]' }),
    'A protocol is FFT-<epochs> (all parameters), LP-<epochs> (the head alone), such as FFT-50, or none (nothing is trained).',
  ],
  ['a negative seed', tiny({ seeds: '[▲-1]' }), "'seeds[0]' must be at least 0, not -1."],
  ['half a seed', tiny({ seeds: '[▲0.5]' }), "'seeds[0]' must be a whole number, not 0.5."],
  ['a seed as text', tiny({ seeds: "[▲'1']" }), "'seeds[0]' must be a number, not '1'."],
  [
    'a short digest',
    tiny({ datasets: '[{ id: caltech101, sha256: ▲abc }]' }),
    'A SHA-256 has 64 digits of 0–9 and a–f.',
  ],
  ...[
    'https://user:secret@host/x.zip',
    'https://token@host/x.zip',
    'http://host/x?a=b&X-Amz-Signature=secret',
    'https://host/x?access_token=secret',
    'https://host/x?sig=secret',
  ].map((source): MalformedStudy => [
    `a secret in ${source}`,
    tiny({ datasets: `[{ id: digits, source: "▲${source}", sha256: ${'a'.repeat(64)} }]` }).replace('"▲', '▲"'),
    'An address in a study holds no password, token or signature; write it without, and put login and password into ~/.netrc, or fetch the file once and name it as file:….',
  ]),
  [
    'a path as source',
    tiny({ datasets: '[{ id: digits, source: ▲/x }]' }),
    'A source begins with pypi:, npm:, file:, https: or hf:, and only that of a file has spaces.',
  ],
  [
    'a negative epsilon',
    tiny({ perturbations: '[clean, { name: Linf, epsilon: ▲-0.1 }]' }),
    "'perturbations[1].epsilon' must be above 0, not -0.1.",
  ],
  [
    'a fraction by zero',
    tiny({ perturbations: '[{ name: Linf, epsilon: ▲4/0 }]' }),
    'A radius is a positive number or a fraction such as 4/255.',
  ],
  [
    'an infinite epsilon',
    tiny({ perturbations: '[{ name: L2, epsilon: ▲.inf }]' }),
    'A radius is a positive number or a fraction such as 4/255.',
  ],
  [
    'an unknown perturbation',
    tiny({ perturbations: '[clean, ▲linf]' }),
    "'linf' is not a known perturbation; did you mean 'Linf'?",
  ],
  [
    'an unknown perturbation with settings',
    tiny({ perturbations: '[{ name: ▲L3, epsilon: 1 }]' }),
    "'L3' is not a known perturbation; did you mean 'L2'?",
  ],
  [
    'a perturbation without a name',
    tiny({ perturbations: '[▲{ epsilon: 1 }]' }),
    "'perturbations[0].name' is missing.",
  ],
  [
    'a radius for clean',
    tiny({ perturbations: '[{ name: clean, ▲epsilon: 1 }]' }),
    "'epsilon' is not a key of 'perturbations[0]'; it has name.",
  ],
  [
    'a severity of 6',
    tiny({ perturbations: '[{ name: common, severity: ▲6 }]' }),
    "'perturbations[0].severity' must be at most 5, not 6.",
  ],
  [
    'an unknown corruption',
    tiny({ perturbations: '[{ name: common, portfolio: [▲snw] }]' }),
    "'snw' is not a known corruption; did you mean 'snow'?",
  ],
  ['an unknown evaluator', tiny({ evaluator: '▲pgd' }), "'pgd' is not a known evaluator; did you mean 'apgd-ce'?"],
  [
    'a misspelt strength',
    tiny({ evaluator: '{ name: apgd-ce, ▲iteration: 5 }' }),
    "'iteration' is not a key of 'evaluator'; did you mean 'iterations'?",
  ],
  [
    'no iterations',
    tiny({ evaluator: '{ name: apgd-ce, iterations: ▲0 }' }),
    "'evaluator.iterations' must be at least 1, not 0.",
  ],
  ['a resolution of 8', tiny({ resolution: '▲8' }), "'resolution' must be at least 16, not 8."],
  ['a few images', tiny({ images: '{ train: ▲some }' }), 'An image count is all or a whole number above 0.'],
  [
    'a misspelt input contract',
    tiny({ inputContract: '▲Paper' }),
    "'Paper' is not a known inputContract; did you mean 'paper'?",
  ],
  [
    'a rate in words',
    tiny({ hyperparameters: '{ learningRateHead: ▲fast }' }),
    "'hyperparameters.learningRateHead' must be a number, not 'fast'.",
  ],
  [
    'an unknown hyperparameter',
    tiny({ hyperparameters: '{ ▲cosin: true }' }),
    "'cosin' is not a key of 'hyperparameters'; did you mean 'cosine'?",
  ],
  [
    'an exclusion without a reason',
    tiny({ exclude: '[▲{ where: { seed: 1 } }]' }),
    "'exclude[0].reason' is missing; give text.",
  ],
]

describe('a study file that breaks the schema', () => {
  it.each(files)('(%s) gets one line with its position', (_, marked, message) => expectOneProblem(marked, message))

  it('gets all its problems at once, in the order of the file', () => {
    const lines = problemLines(tiny({ losses: '[trades]', seeds: '[-1]', resolution: 'big' }))
    expect(lines.map((line) => line.split(': ')[0])).toEqual([
      'f.study.yaml:4:10',
      'f.study.yaml:7:9',
      'f.study.yaml:8:13',
    ])
  })

  it('is quoted on one line, whatever it holds', () => {
    expect(problemLines(tiny({ losses: '["a\\nb\\e[31mred", TRADES]' }))).toEqual([
      String.raw`f.study.yaml:4:10: 'a\nb\u001b[31mred' is not a known loss; known are standard, Classic AT, TRADES.`,
    ])
  })

  it('is not echoed at length', () => {
    const [line] = problemLines(tiny({ losses: `[${'x'.repeat(100_000)}]` }))
    expect(line!.length).toBeLessThan(200)
  })

  it('with very many problems is cut short', () => {
    const lines = problemLines(tiny({ seeds: `[${Array.from({ length: 500 }, () => '-1').join(', ')}]` }))
    expect(lines).toHaveLength(51)
    expect(lines.at(-1)).toBe('… and 450 more problems.')
  })
})
